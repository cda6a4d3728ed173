/** The name of a file alone: no folders, no control characters, never empty. */
export function cleanFilename(name: string): string {
  const last = name
    .replace(/\p{Cc}/gu, '')
    .split(/[/\\]/)
    .at(-1)!
    .trim()
  // Bun leaves out the name that FormData gives to a Blob.
  return /^\.*$/.test(last) ? 'blob' : last
}
