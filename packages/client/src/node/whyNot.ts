const words: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'leads through a file, which is no folder',
  ENAMETOOLONG: 'has a name that is too long',
  ELOOP: 'is a symbolic link that leads to itself',
  EACCES: 'is not permitted',
  EPERM: 'is not permitted',
  EROFS: 'is on a disk that is read-only',
  EMFILE: 'could not be opened: too many files are open',
  ENFILE: 'could not be opened: too many files are open',
  ENOSPC: 'does not fit: the disk is full',
  EDQUOT: 'does not fit: your share of the disk is full',
  EFBIG: 'is too large for this disk',
  EEXIST: 'is a file and no folder',
  EISDIR: 'is a folder',
}

/** Why the system refused a path, in words that follow the path. */
export function whyNot(error: unknown): string {
  const { code, message } = Object(error)
  // Deno names the missing permission.
  const [flag] = /--allow-\w+/.exec(message) ?? []
  return flag
    ? `is not permitted: run Deno with ${flag}`
    : (words[code] ?? `failed: ${code ?? message ?? error}`)
}
