import type { Input, Kind, Workflow as Shown } from '@flowscale/gateway/face'
import type { InputDefinition, RunContext, WorkflowDefinition, WorkflowInputs } from '../types.ts'

/** A definition that was checked and copied: what its owner changes later has no effect. */
export interface Workflow extends Shown {
  run(inputs: WorkflowInputs, context: RunContext): unknown
}

const KNOWN = ['id', 'name', 'description', 'inputs', 'outputs', 'run']
const KNOWN_OF_INPUT = ['kind', 'required', 'array']
const KINDS: readonly unknown[] = ['string', 'number', 'boolean', 'image', 'video', 'audio', 'file']

export function checkWorkflows(definitions: readonly WorkflowDefinition[]): Workflow[] {
  return definitions.map((definition, index) => checkWorkflow(definition, `workflows[${index}]`))
}

function checkWorkflow(definition: WorkflowDefinition, where: string): Workflow {
  expect(isObject(definition), where, 'an object')
  refuseUnknown(definition, KNOWN, where)
  const { id, name, description } = definition
  for (const [key, value] of Object.entries({ id, name, description })) {
    expect(typeof value === 'string' && value !== '', `${where}.${key}`, 'a string that is not empty')
  }
  expect(isObject(definition.inputs), `${where}.inputs`, 'an object of kinds')
  expect(isObject(definition.outputs), `${where}.outputs`, 'an object of kinds')
  expect(typeof definition.run === 'function', `${where}.run`, 'a function')
  const inputs = new Map<string, Input>()
  for (const [key, value] of Object.entries(definition.inputs)) {
    inputs.set(key, checkInput(value, `${where}.inputs.${key}`))
  }
  const outputs = new Map<string, Kind>()
  for (const [key, value] of Object.entries(definition.outputs)) {
    outputs.set(key, checkKind(value, `${where}.outputs.${key}`))
  }
  return { id, name, description, inputs, outputs, run: (values, context) => definition.run(values, context) }
}

function checkInput(value: Kind | InputDefinition, where: string): Input {
  if (!isObject(value)) return { kind: checkKind(value, where), required: true, array: false }
  refuseUnknown(value, KNOWN_OF_INPUT, where)
  const { kind, required = true, array = false } = value as InputDefinition
  expect(typeof required === 'boolean', `${where}.required`, 'true or false')
  expect(typeof array === 'boolean', `${where}.array`, 'true or false')
  return { kind: checkKind(kind, `${where}.kind`), required, array }
}

function checkKind(kind: unknown, where: string): Kind {
  expect(KINDS.includes(kind), where, `one of ${KINDS.join(', ')}`)
  return kind as Kind
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseUnknown(value: object, known: string[], where: string): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    throw new TypeError(`createEmulator: unknown option "${where}.${name}"; known are ${known.join(', ')}`)
  }
}

function expect(ok: boolean, name: string, what: string): void {
  if (!ok) throw new TypeError(`createEmulator: option "${name}" must be ${what}`)
}
