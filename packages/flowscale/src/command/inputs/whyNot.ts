const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'this is a folder, not a file',
  ENOTDIR: 'a part of this path is no folder',
  EACCES: 'you have no permission to read it',
  EPERM: 'you have no permission to read it',
  ENAMETOOLONG: 'the name is too long',
}

/** Why the system did not read a file. */
export function whyNot(error: unknown): string {
  const { code, message } = Object(error) as { code?: string; message?: string }
  return words[code ?? ''] ?? `it can't be read (${code ?? message})`
}
