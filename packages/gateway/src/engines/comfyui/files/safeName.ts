/** What may be in a file's name on any system, with its ending. */
export function safeName(name: string): string {
  const safe = name
    .replace(/^[\s\S]*[\\/]/, '')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '')
  return safe.slice(-60) || 'file'
}
