import stringWidth from 'string-width'
import { isFileKind } from '../workflow.ts'
import { maxWidth } from './maxWidth.ts'
import { toLiteral } from './toLiteral.ts'
import type { PulledInput } from './types.ts'

/** What stands behind the key of an input, as lines: the first goes on behind `before`. */
export function toType(input: PulledInput, before: string, indent: string): string[] {
  const union = membersOf(input)
  const { array: takesSeveral } = input
  const several = union.length > 1 ? `(${union.join(' | ')})` : union[0]
  const isAny = union.includes('unknown')
  const all = takesSeveral && !isAny ? [...union, `readonly ${several}[]`] : union
  const line = ` ${all.join(' | ')}`
  if (all.length === 1 || stringWidth(before + line) <= maxWidth) return [line]
  const deeper = `${indent}  `
  return ['', ...all.flatMap((member) => toMember(member, union, deeper))]
}

/** A member of a union on a line of its own; the list of several choices on more, where it is long. */
function toMember(member: string, union: readonly string[], indent: string): string[] {
  const line = `${indent}| ${member}`
  if (!member.startsWith('readonly (') || stringWidth(line) <= maxWidth) return [line]
  return [`${indent}| readonly (`, ...union.map((one) => `${indent}    | ${one}`), `${indent}  )[]`]
}

function membersOf({ kind, options }: PulledInput): readonly string[] {
  if (isFileKind(kind)) return ['FileInput']
  return options ? options.map(toLiteral) : [kind]
}
