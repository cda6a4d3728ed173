import type { Workflow as ApiWorkflow, Input, Kind } from '@flowscale/gateway/http'
import { FILE_KINDS } from '@flowscale/gateway/internal'
import { builtIn } from './builtIn.ts'
import type { InputDefinition, RunContext, WorkflowDefinition, WorkflowInputs } from './types.ts'

/** A definition that was checked and copied: what its owner changes later has no effect. */
export interface Workflow extends ApiWorkflow {
  /** The inputs that are drawn where nothing is sent. */
  readonly seeds: readonly string[]
  run(inputs: WorkflowInputs, context: RunContext): unknown
}

const KNOWN_FIELDS = ['id', 'name', 'description', 'inputs', 'outputs', 'namesFiles', 'run']

/** Checks and copies definitions. `where` stands in errors. */
export function checkWorkflows(
  definitions: readonly WorkflowDefinition[],
  where = 'createEmulator: option workflows',
): Workflow[] {
  return definitions.map((definition, index) => checkWorkflow(definition, `${where}[${index}]`))
}

function checkWorkflow(definition: WorkflowDefinition, where: string): Workflow {
  expect(isObject(definition), where, 'an object')
  refuseUnknown(definition, KNOWN_FIELDS, where)
  const { id, name, description, namesFiles = false } = definition
  for (const [key, value] of Object.entries({ id, name })) {
    expect(typeof value === 'string' && value !== '', `${where}.${key}`, 'a string that is not empty')
  }
  expect(typeof description === 'string', `${where}.description`, 'a string')
  expect(isObject(definition.inputs), `${where}.inputs`, 'an object of kinds')
  expect(isObject(definition.outputs), `${where}.outputs`, 'an object of kinds')
  expect(typeof namesFiles === 'boolean', `${where}.namesFiles`, 'true or false')
  expect(typeof definition.run === 'function', `${where}.run`, 'a function')
  const inputs = new Map<string, Input>()
  const seeds: string[] = []
  for (const [key, value] of Object.entries(definition.inputs)) {
    inputs.set(key, checkInput(value, `${where}.inputs.${key}`))
    if (isObject(value) && value.seed) seeds.push(key)
  }
  const outputs = new Map<string, Kind>()
  for (const [key, value] of Object.entries(definition.outputs)) {
    outputs.set(key, checkKind(value, `${where}.outputs.${key}`))
  }
  const run: Workflow['run'] = (values, context) => definition.run(values, context)
  return { id, name, description, inputs, outputs, namesFiles, seeds, run }
}

/** The built-in workflows and the user's own, by id. A workflow of the user replaces a built-in one with its id. */
export function addBuiltIn(own: readonly Workflow[]): Map<string, Workflow> {
  const seen = new Set<string>()
  for (const { id } of own) {
    if (seen.has(id)) throw new TypeError(`createEmulator: option "workflows" has the id "${id}" twice`)
    seen.add(id)
  }
  return new Map([...checkWorkflows(builtIn()), ...own].map((workflow) => [workflow.id, workflow]))
}

const KNOWN_OF_INPUT = [
  'kind',
  'required',
  'array',
  'default',
  'min',
  'max',
  'integer',
  'options',
  'description',
  'seed',
]
const KINDS: readonly unknown[] = ['string', 'number', 'boolean', ...FILE_KINDS]

/** Checks and copies an input of a definition. `where` stands in errors. */
function checkInput(value: Kind | InputDefinition, where: string): Input {
  if (!isObject(value)) return { kind: checkKind(value, where), required: true, array: false }
  refuseUnknown(value, KNOWN_OF_INPUT, where)
  const { kind, default: preset, min, max, options, description, ...flags } = value as InputDefinition
  const { array = false, integer = false, seed = false } = flags
  const { required = preset === undefined && !seed } = flags
  checkKind(kind, `${where}.kind`)
  for (const [key, flag] of Object.entries({ required, array, integer, seed })) {
    expect(typeof flag === 'boolean', `${where}.${key}`, 'true or false')
  }
  const isNumber = kind === 'number'
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit !== undefined) expect(isNumber && Number.isFinite(limit), `${where}.${key}`, numberFor(kind))
  }
  expect(!(Number(min) > Number(max)), `${where}.min`, 'at most max')
  expect(!integer || isNumber, `${where}.integer`, 'left out where the kind is not number')
  expect(!seed || (isNumber && !required && !array), `${where}.seed`, 'for an optional number')
  const isOption = (one: unknown): boolean => typeof one === kind
  const isList = options === undefined || (Array.isArray(options) && options.length > 0)
  expect(isList && (options ?? []).every(isOption), `${where}.options`, `a list of at least one ${kind}`)
  if (preset !== undefined) {
    const isFit = typeof preset === kind && !array
    expect(isFit, `${where}.default`, `a ${kind}, and left out of files and arrays`)
    expect(!required, `${where}.default`, 'left out where required is true')
  }
  expect(['string', 'undefined'].includes(typeof description), `${where}.description`, 'a string')
  const limits = { min, max, integer: integer || seed, options: options && [...options] }
  return { kind, required, array, default: preset, ...limits, description }
}

function checkKind(kind: unknown, where: string): Kind {
  expect(KINDS.includes(kind), where, `one of ${KINDS.join(', ')}`)
  return kind as Kind
}

function numberFor(kind: Kind): string {
  return kind === 'number' ? 'a finite number' : `left out where the kind is ${kind}`
}

function isObject<T>(value: T): value is Extract<T, object> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseUnknown(value: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    throw new TypeError(`${where}.${name} is unknown; the known names are ${known.join(', ')}`)
  }
}

/** A `TypeError` that says where, unless it is as it must be. */
function expect(ok: boolean, where: string, what: string): void {
  if (!ok) throw new TypeError(`${where} must be ${what}`)
}
