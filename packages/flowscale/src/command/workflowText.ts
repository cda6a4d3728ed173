import { clean } from './clean.ts'
import { commandName } from './commandName.ts'
import type { WorkflowFacts } from './describeWorkflow.ts'
import { isFileKind } from './inputs/isFileKind.ts'
import type { InputSpec } from './inputs/types.ts'
import { quote } from './quote.ts'
import { table } from './terminal/table.ts'

/** A workflow for people: what it takes, what it gives, and a line to copy. */
export function workflowText({ id, name, description, inputs, outputs }: WorkflowFacts): string {
  const taken = Object.entries(inputs ?? {})
  const given = Object.entries(outputs ?? {})
  const rows = taken.map(([input, known]) => [input, known.kind, limitsOf(known), known.description])
  // Where the server tells which are needed, the others are left out of the line.
  const needed = taken.filter(([, { required }]) => required !== false)
  // A line without an input would teach nobody how to write one.
  if (!needed.length) needed.push(...taken.filter(([, { kind }]) => kind === 'string').slice(0, 1))
  const words = [commandName, 'run', quote(id), ...needed.map(([input, known]) => example(input, known))]
  return [
    `${clean(name)} (${clean(id)})`,
    clean(description),
    inputs ? '' : '\nIts inputs cannot be read.',
    taken.length ? `\n${table(['input', 'kind', 'values', ''], rows)}` : '',
    given.length ? `\n${table(['output', 'kind'], given)}` : '',
    `\n${clean(words.join(' '))}`,
  ]
    .filter(Boolean)
    .join('\n')
}

function limitsOf({ required, default: byDefault, min, max, integer, array, options }: InputSpec): string {
  const range = min === undefined && max === undefined ? '' : `${min ?? '…'} to ${max ?? '…'}`
  return [
    required === false && byDefault === undefined ? 'optional' : '',
    byDefault === undefined ? '' : `default ${show(byDefault)}`,
    range,
    integer ? 'whole' : '',
    array ? 'may be repeated' : '',
    options ? `one of ${options.map(show).join(', ')}` : '',
  ]
    .filter(Boolean)
    .join('; ')
}

function example(input: string, { kind, options }: InputSpec): string {
  // A file of the server is none of yours.
  if (isFileKind(kind)) return `${quote(input)}=@FILE`
  const value = options?.[0]
  // A text that begins with @ is no file of yours either.
  if (value !== undefined) return quote(`${input}=${show(value).replace(/^@/, '@@')}`)
  return `${quote(input)}=${kind === 'number' ? 'NUMBER' : kind === 'boolean' ? 'true' : '"TEXT"'}`
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
