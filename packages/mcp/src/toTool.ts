// A workflow as a tool: a JSON Schema of its inputs, and which property is which input.
import { parseWorkflow, type Workflow, type WorkflowKind } from '@flowscale/client'
import { fromJsonSchema } from '@modelcontextprotocol/server'
import { createNamer, tidy } from './names.ts'

/** A property of a tool, for an input of its workflow. */
export interface Property {
  readonly input: string
  readonly isFile: boolean
  readonly schema: Readonly<Record<string, unknown>>
}

export interface WorkflowTool {
  readonly workflowId: string
  readonly title: string
  /** What the workflow does, without a word on costs. */
  readonly about: string
  readonly properties: ReadonlyMap<string, Property>
  readonly required: readonly string[]
}

/** The most choices of an input that a schema lists. */
const MOST_CHOICES = 60
/** The most characters of a choice in such a list. */
const MOST_CHOICE = 256

export const isFileKind = (kind: WorkflowKind): boolean => ['image', 'video', 'audio', 'file'].includes(kind)

export function toTool(workflow: Workflow): WorkflowTool {
  const { id, description } = workflow
  const { inputs, outputs } = parseWorkflow(workflow)
  const title = tidy(workflow.name, 80) || tidy(id, 80)
  const makes = Object.entries(outputs).map(([name, kind]) => (kind === 'unknown' ? name : kind))
  const nameOf = createNamer(/[^a-zA-Z0-9_.-]+/g, 64, ['request_key'])
  // An input whose name needs no change keeps it, whatever the others are called.
  const isPlain = (name: string) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/.test(name) && !name.endsWith('_')
  const named = new Map<string, string>()
  for (const plain of [true, false])
    for (const name of Object.keys(inputs))
      if (isPlain(name) === plain) named.set(name, nameOf(name, 'input'))
  const properties = new Map<string, Property>()
  const required: string[] = []
  for (const [input, kind] of Object.entries(inputs)) {
    const name = named.get(input)!
    const details = detailsOf(workflow, input)
    properties.set(name, { input, isFile: isFileKind(kind), schema: toSchema(input, name, kind, details) })
    if (details && details.required !== false && !isScalar(details.default)) required.push(name)
  }
  const about = [
    `Runs the workflow "${title}".`,
    tidy(description, 600).replace(/[^.!?…]$/, '$&.'),
    makes.length ? `It makes: ${tidy([...new Set(makes)].join(', '), 120)}.` : '',
  ]
  return { workflowId: id, title, about: about.filter(Boolean).join(' '), properties, required }
}

type Details = Readonly<Record<string, unknown>>

/** What the server says of an input besides its kind. Wrong types are ignored further on. */
function detailsOf(workflow: Workflow, input: string): Details | undefined {
  const all = Object(workflow.input_details)
  return Object.hasOwn(all, input) && typeof all[input] === 'object' ? Object(all[input]) : undefined
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || Number.isFinite(value) || typeof value === 'boolean'

function toSchema(
  input: string,
  name: string,
  kind: WorkflowKind,
  details: Details = {},
): Property['schema'] {
  const { array, default: preset, options } = details
  const type =
    kind === 'boolean'
      ? 'boolean'
      : kind !== 'number'
        ? 'string'
        : details.integer === true
          ? 'integer'
          : 'number'
  const fits = (value: unknown) =>
    type === 'integer' ? Number.isSafeInteger(value) : typeof value === type && isScalar(value)
  const choices = Array.isArray(options)
    ? [...new Set(options.filter(isScalar).map((value) => (type === 'string' ? `${value}` : value)))].filter(
        fits,
      )
    : []
  const isShort = choices.every((value) => tidy(`${value}`, MOST_CHOICE) === `${value}`)
  const isListed = choices.length > 0 && choices.length <= MOST_CHOICES && isShort && type !== 'boolean'
  // Hosts read numbers as doubles.
  const bound = (value: unknown) =>
    Number.isSafeInteger(value) || (Number.isFinite(value) && Math.abs(value as number) < 1e15)
      ? (value as number)
      : undefined
  const [minimum, maximum] =
    type === 'integer' || type === 'number' ? [bound(details.min), bound(details.max)] : []
  const isRange = minimum === undefined || maximum === undefined || minimum <= maximum
  const item = {
    type,
    ...(isListed && { enum: choices }),
    ...(isRange && minimum !== undefined && { minimum }),
    ...(isRange && maximum !== undefined && { maximum }),
  }
  const about = [
    name === input ? '' : `The input "${tidy(input, 80)}".`,
    tidy(typeof details.description === 'string' ? details.description : '', 300),
    isFileKind(kind) ? `${/^[aeiou]/.test(kind) ? 'An' : 'A'} ${kind}.` : '',
    choices.length > 0 && !isListed && type !== 'boolean'
      ? `One of ${choices.length} values, such as ${tidy(choices.slice(0, 12).join(', '), 300)}.`
      : '',
  ]
  const description = about.filter(Boolean).join(' ')
  const isKept =
    fits(preset) && `${preset}`.length <= 500 && (!isListed || choices.includes(preset as string))
  return {
    ...(array === true ? { type: 'array', items: item, maxItems: 64 } : item),
    ...(description && { description }),
    ...(isKept && array !== true && !isFileKind(kind) && { default: preset }),
  }
}

/** A validator of arguments. */
export function createCheck(schema: object): (args: unknown) => Promise<string | undefined> {
  const { '~standard': compiled } = fromJsonSchema(schema as Parameters<typeof fromJsonSchema>[0])
  return async (args) => {
    const { issues } = await compiled.validate(args)
    return issues?.map(({ message }) => message).join('; ')
  }
}
