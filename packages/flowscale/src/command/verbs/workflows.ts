import { getWorkflows, type Workflow, type WorkflowKind } from '@flowscale/client'
import { type Call, commandName } from '../program.ts'
import { asText, clean, quote } from '../terminal/printer.ts'
import { table } from '../terminal/table.ts'
import { type InputSpec, isFileKind, pickWorkflow, readKinds, readSpecs } from '../workflow.ts'

interface WorkflowFacts {
  readonly id: string
  readonly name: string
  readonly description: string
  /** `null`: the server's description can't be read. */
  readonly inputs: Readonly<Record<string, InputSpec>> | null
  readonly outputs: Readonly<Record<string, WorkflowKind>> | null
}

export async function workflows({ args, client, print, signal }: Call): Promise<void> {
  const listed = await getWorkflows(client, { signal })
  const [word] = args
  if (word !== undefined) {
    const found = describeWorkflow(pickWorkflow(listed, word))
    return print.result(found, workflowText(found))
  }
  const all = listed.data.map(describeWorkflow)
  const rows = all.map(({ id, name, inputs }) => [
    id,
    name,
    Object.entries(inputs ?? { '(cannot be read)': undefined })
      .map(([input, known]) =>
        known ? `${input}${known.required === false ? '?' : ''}=${known.kind}` : input,
      )
      .join(' '),
  ])
  print.result(all, table(['id', 'name', 'inputs'], rows))
}

/** A workflow in the same form for every server. */
function describeWorkflow(workflow: Workflow): WorkflowFacts {
  const { id, name, description } = workflow
  try {
    const inputs = Object.fromEntries(readSpecs(workflow))
    return { id, name, description, inputs, outputs: readKinds(workflow, 'outputs') }
  } catch {
    return { id, name, description, inputs: null, outputs: null }
  }
}

/** A workflow for people: its inputs, its outputs, and a line to copy. */
function workflowText({ id, name, description, inputs, outputs }: WorkflowFacts): string {
  const taken = Object.entries(inputs ?? {})
  const given = Object.entries(outputs ?? {})
  const rows = taken.map(([input, known]) => [input, known.kind, limitsOf(known), known.description])
  // Where the server says which inputs are needed, the others are left out of the line.
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

function limitsOf({ required, default: preset, min, max, integer, array, options }: InputSpec): string {
  const range = min === undefined && max === undefined ? '' : `${min ?? '…'} to ${max ?? '…'}`
  return [
    required === false && preset === undefined ? 'optional' : '',
    preset === undefined ? '' : `default ${asText(preset)}`,
    range,
    integer ? 'whole' : '',
    array ? 'may be repeated' : '',
    options ? `one of ${options.map(asText).join(', ')}` : '',
  ]
    .filter(Boolean)
    .join('; ')
}

function example(input: string, { kind, options }: InputSpec): string {
  // The choices of a file input are files of the server, which `@FILE` cannot name.
  if (isFileKind(kind)) return `${quote(input)}=@FILE`
  const value = options?.[0]
  // A text that begins with @ would be read as the name of a file.
  if (value !== undefined) return quote(`${input}=${asText(value).replace(/^@/, '@@')}`)
  return `${quote(input)}=${kind === 'number' ? 'NUMBER' : kind === 'boolean' ? 'true' : '"TEXT"'}`
}
