/** Where two values of JSON differ first, in words; `undefined` where they are the same. */
export function difference(wanted: unknown, got: unknown, path = ''): string | undefined {
  if (Object.is(wanted, got)) return undefined
  const isHeld = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null
  if (!isHeld(wanted) || !isHeld(got) || Array.isArray(wanted) !== Array.isArray(got)) {
    return `${path || 'all'}: recorded ${shown(wanted)}, here ${shown(got)}`
  }
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    const found = difference(wanted[key], got[key], `${path}/${key}`)
    if (found) return found
  }
  return undefined
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300)
