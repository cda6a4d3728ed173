import stringWidth from 'string-width'
import { maxWidth } from './maxWidth.ts'
import { toComment } from './toComment.ts'
import { toFacts } from './toFacts.ts'
import { toKey, toLiteral } from './toLiteral.ts'
import { toType } from './toType.ts'
import type { PulledInput, PulledWorkflow } from './types.ts'

/** The constant of a workflow as lines, with its doc comment. */
export function toDefinition({ constant, id, name, description, inputs, outputs }: PulledWorkflow): string[] {
  const isNamed = outputs.length > 0
  const names = (isNamed ? outputs.map((output) => output.name) : ['output']).map(toLiteral)
  const note = isNamed ? '' : 'The server names no outputs: all files are under `output`.'
  return [
    ...toComment([name, description, note], ''),
    ...toCall(`export const ${constant} = defineWorkflow`, toLiteral(id), inputs, names),
  ]
}

function toCall(
  head: string,
  id: string,
  inputs: readonly PulledInput[],
  names: readonly string[],
): string[] {
  const union = names.join(' | ')
  const array = `[${names.join(', ')}]`
  const line = `${head}<Record<string, never>, ${union}>(${id}, ${array})`
  if (!inputs.length && stringWidth(line) <= maxWidth) return [line]
  const end = `>(${id}, ${array})`
  return [
    `${head}<`,
    ...(inputs.length ? ['  {', ...inputs.flatMap(toProperty), '  },'] : ['  Record<string, never>,']),
    ...(stringWidth(`  ${union}`) <= maxWidth ? [`  ${union}`] : names.map((name) => `  | ${name}`)),
    ...(stringWidth(end) <= maxWidth ? [end] : [`>(${id}, [`, ...names.map((name) => `  ${name},`), '])']),
  ]
}

function toProperty(input: PulledInput): string[] {
  const indent = '    '
  const { name, description = '', required } = input
  const before = `${indent}${toKey(name)}${required ? '' : '?'}:`
  const [first, ...rest] = toType(input, before, indent)
  return [...toComment(join(description, toFacts(input)), indent), before + first, ...rest]
}

/** A description of one line and the facts are one text. */
function join(description: string, facts: string): string[] {
  const text = description.trim()
  if (/[\n\r\u2028\u2029]/.test(text)) return [text, facts]
  return [text && facts ? `${text}${/[.!?…。！？]$/.test(text) ? '' : '.'} ${facts}` : text + facts]
}
