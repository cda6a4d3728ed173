import stringWidth from 'string-width'
import { maxWidth } from './maxWidth.ts'
import { toComment } from './toComment.ts'
import { toFacts } from './toFacts.ts'
import { toKey, toLiteral } from './toLiteral.ts'
import { toType } from './toType.ts'
import type { PulledInput, PulledWorkflow } from './types.ts'

/** The constant of a workflow as lines, with its doc comment. */
export function toDefinition(workflow: PulledWorkflow): string[] {
  const { constant, id, name, description, inputs } = workflow
  const { names, note } = toOutputs(workflow)
  return [
    ...toComment([name, description, note], ''),
    ...toCall(`export const ${constant} = defineWorkflow`, toLiteral(id), inputs, names.map(toLiteral)),
  ]
}

/** The names to declare. Several only where each file is sure to find its own; otherwise one for all files. */
function toOutputs({ outputs, namesFiles }: PulledWorkflow): { names: string[]; note: string } {
  const names = outputs.map(({ name }) => name)
  if (names.length === 1 || (names.length && namesFiles)) return { names, note: '' }
  const what = names.length
    ? `The outputs are ${names.join(', ')}. The server does not say which file belongs to which output`
    : 'The server names no outputs'
  return { names: ['output'], note: `${what}: all files are under \`output\`.` }
}

function toCall(
  head: string,
  id: string,
  inputs: readonly PulledInput[],
  names: readonly string[],
): string[] {
  const union = names.join(' | ')
  const array = `[${names.join(', ')}]`
  const short = inputs.length ? undefined : toShortCall(`${head}<${noInputs}, ${union}>`, id, names)
  if (short) return short
  const end = `>(${id}, ${array})`
  return [
    `${head}<`,
    ...(inputs.length ? ['  {', ...inputs.flatMap(toProperty), '  },'] : [`  ${noInputs},`]),
    ...(names.length === 1 || isNarrow(`  ${union}`) ? [`  ${union}`] : names.map((name) => `  | ${name}`)),
    ...(isNarrow(end) ? [end] : [`>(${id}, [`, ...names.map((name) => `  ${name},`), '])']),
  ]
}

const noInputs = 'Record<string, never>'
const isNarrow = (line: string): boolean => stringWidth(line) <= maxWidth

/** A call whose types fit on one line, broken where formatters break it. */
function toShortCall(head: string, id: string, names: readonly string[]): string[] | undefined {
  const array = `[${names.join(', ')}]`
  const line = `${head}(${id}, ${array})`
  if (isNarrow(line)) return [line]
  if (isNarrow(`${head}(${id}, [`)) return [`${head}(${id}, [`, ...names.map((name) => `  ${name},`), '])']
  return isNarrow(`${head}(`) ? [`${head}(`, `  ${id},`, `  ${array},`, ')'] : undefined
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
