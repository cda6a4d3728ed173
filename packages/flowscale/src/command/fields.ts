import { clean } from './clean.ts'

/** Names and values under each other; what is not known is left out. */
export function fields(rows: readonly (readonly [name: string, value: unknown])[]): string {
  const known = rows.filter(([, value]) => value !== undefined && value !== null && value !== '')
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${name.padEnd(width)}  ${clean(`${value}`)}`).join('\n')
}
