import type { Input, Kind, Workflow as Shown } from '@flowscale/gateway/face'
import type { RunContext, WorkflowDefinition, WorkflowInputs } from '../types.ts'
import { checkInput, checkKind } from './checkInput.ts'
import { expect, isObject, refuseUnknown } from './expect.ts'

/** A definition that was checked and copied: what its owner changes later has no effect. */
export interface Workflow extends Shown {
  /** The inputs that are drawn where nothing is sent. */
  readonly seeds: readonly string[]
  run(inputs: WorkflowInputs, context: RunContext): unknown
}

const KNOWN = ['id', 'name', 'description', 'inputs', 'outputs', 'namesFiles', 'run']

/** Checks and copies definitions. `where` stands in errors. */
export function checkWorkflows(
  definitions: readonly WorkflowDefinition[],
  where = 'createEmulator: option workflows',
): Workflow[] {
  return definitions.map((definition, index) => checkWorkflow(definition, `${where}[${index}]`))
}

function checkWorkflow(definition: WorkflowDefinition, where: string): Workflow {
  expect(isObject(definition), where, 'an object')
  refuseUnknown(definition, KNOWN, where)
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
