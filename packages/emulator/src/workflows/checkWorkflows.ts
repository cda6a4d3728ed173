import type { Workflow as ApiWorkflow, Input, Kind } from '@flowscale/gateway/http'
import {
  checkOption,
  checkOptions,
  INPUT_ROLES,
  isObject,
  KINDS,
  must,
  optional,
  type Rule,
  type Rules,
  rules,
} from '../../../gateway/src/internal.ts'
import { builtIn } from './builtIn.ts'
import type { InputDefinition, RunContext, WorkflowDefinition, WorkflowInputs } from './types.ts'

/** A definition that was checked and copied: what its owner changes later has no effect. */
export interface Workflow extends ApiWorkflow {
  /** The inputs that are drawn where nothing is sent. */
  readonly seeds: readonly string[]
  run(inputs: WorkflowInputs, context: RunContext): unknown
}

const aKind: Rule = rules.oneOf(KINDS)

const OPTIONS: Rules<WorkflowDefinition> = {
  id: rules.filledText,
  name: rules.filledText,
  description: rules.text,
  inputs: rules.object,
  outputs: rules.object,
  namesFiles: optional(rules.flag),
  run: rules.callback,
}

/** Checks and copies definitions. Errors begin with `caller`. */
export function checkWorkflows(
  definitions: readonly WorkflowDefinition[],
  caller = 'createEmulator',
): Workflow[] {
  return definitions.map((definition, index) => checkWorkflow(caller, definition, `workflows[${index}]`))
}

function checkWorkflow(caller: string, definition: WorkflowDefinition, path: string): Workflow {
  checkOptions(caller, definition, OPTIONS, path)
  const { id, name, description, namesFiles = false } = definition
  const inputs = new Map<string, Input>()
  const seeds: string[] = []
  for (const [key, value] of Object.entries(definition.inputs)) {
    inputs.set(key, checkInput(caller, value, `${path}.inputs.${key}`))
    if (isObject(value) && value.seed) seeds.push(key)
  }
  const outputs = new Map(Object.entries(definition.outputs))
  for (const [key, kind] of outputs) checkOption(caller, kind, aKind, `${path}.outputs.${key}`)
  const run: Workflow['run'] = (values, context) => definition.run(values, context)
  return { id, name, description, inputs, outputs, namesFiles, seeds, run }
}

/** Checks and copies an input of a definition. */
function checkInput(caller: string, definition: Kind | InputDefinition, path: string): Input {
  if (typeof definition !== 'object' || definition === null) {
    checkOption(caller, definition, aKind, path)
    return { kind: definition, required: true, array: false }
  }
  checkOptions(caller, definition, inputRules(definition), path)
  const { kind, array = false, default: preset, min, max, options, description, role, aliases } = definition
  const { integer = false, seed = false, required = preset === undefined && !seed } = definition
  const limits = { min, max, integer: integer || seed, options: options && [...options] }
  return {
    kind,
    required,
    array,
    default: preset,
    ...limits,
    description,
    role,
    aliases: aliases && [...aliases],
  }
}

/** The rules of an input depend on its kind. */
function inputRules({ kind, required, array, max }: InputDefinition): Rules<InputDefinition> {
  const isNumber = kind === 'number'
  const isValue = (value: unknown): boolean => typeof value === kind
  const leftOut = (why: string, isFlag = false): Rule =>
    must(`left out where ${why}`, (value) => isFlag && value === false)
  const ofKind = `the kind is ${kind}`
  return {
    kind: aKind,
    required: optional(rules.flag),
    array: optional(rules.flag),
    integer: optional(isNumber ? rules.flag : leftOut(ofKind, true)),
    seed: optional(
      isNumber && !required && !array ? rules.flag : leftOut('the input is no optional number', true),
    ),
    min: optional(
      isNumber
        ? must(
            'a finite number, at most max',
            (value) => Number.isFinite(value) && !(Number(value) > Number(max)),
          )
        : leftOut(ofKind),
    ),
    max: optional(isNumber ? rules.finite : leftOut(ofKind)),
    options: optional(
      must(`an array of at least one ${kind}`, (value) => {
        return Array.isArray(value) && value.length > 0 && value.every(isValue)
      }),
    ),
    default: optional(
      required
        ? leftOut('required is true')
        : must(`a ${kind}, and left out of files and arrays`, (value) => isValue(value) && !array),
    ),
    description: optional(rules.text),
    role: optional(rules.oneOf(INPUT_ROLES)),
    aliases: optional(rules.filledArray),
  }
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
