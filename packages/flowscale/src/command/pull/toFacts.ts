import { isFileKind } from '../workflow.ts'
import { toLiteral } from './toLiteral.ts'
import type { PulledInput } from './types.ts'

const longest = 80

/** The facts of an input that its type does not show: `Default: 7. A whole number from 0 to 9.` */
export function toFacts({ kind, default: preset, min, max, integer, options }: PulledInput): string {
  const range = toRange(bound(min), bound(max))
  const facts = [
    preset !== undefined && `Default: ${cut(toLiteral(preset))}.`,
    integer
      ? `A whole number${range && ` ${range}`}.`
      : range && `${range[0]!.toUpperCase()}${range.slice(1)}.`,
    options && isFileKind(kind) && `Known: ${cut(options.map(toLiteral).join(', '))}.`,
  ]
  return facts.filter(Boolean).join(' ')
}

/** A bound beyond the exact numbers is only a limit of the machine. */
const bound = (value = Number.NaN): number | undefined => (Math.abs(value) <= 2 ** 53 ? value : undefined)

function toRange(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return max === undefined ? '' : `up to ${max}`
  return max === undefined ? `from ${min} up` : `from ${min} to ${max}`
}

const cut = (text: string): string => {
  const chars = [...text]
  return chars.length > longest ? `${chars.slice(0, longest - 1).join('')}…` : text
}
