import { classes } from '../nodes/classes.ts'
import type { Spec } from '../nodes/types.ts'
import { PythonError } from '../python/PythonError.ts'
import { repr } from '../python/repr.ts'
import { serverLine, traceback } from '../python/traceback.ts'
import type { Graph, GraphNode, Life } from '../types.ts'
import { checkValue, type Problem } from './checkValue.ts'

export type { Problem }

type Checked = Map<string, { valid: boolean; errors: Problem[] }>

/** Checks an output node and all that it needs. */
export function validateOutput(
  life: Life,
  graph: Graph,
  output: string,
  checked: Checked,
): { valid: boolean; errors: Problem[]; touched: Set<string> } {
  const touched = new Set<string>()
  const valid = validateNode(output, 'exception_during_validation')
  return { valid, errors: checked.get(output)!.errors, touched }

  function validateNode(id: string, ofException: string): boolean {
    const known = checked.get(id)
    touched.add(id)
    // What is met a second time, in a circle, is not valid, and nothing says why.
    if (known) {
      for (const from of linksOf(graph[id]!))
        if (!touched.has(from) && checked.has(from)) validateNode(from, '')
      return known.valid
    }
    const state = { valid: false, errors: [] as Problem[] }
    checked.set(id, state)
    try {
      state.valid = validateInputs(id, state.errors)
    } catch (error) {
      if (!(error instanceof PythonError)) throw error
      state.errors = [exception(life, ofException, error)]
    }
    return state.valid
  }

  function validateInputs(id: string, errors: Problem[]): boolean {
    const { class_type, inputs } = graph[id]!
    const held = classes.get(class_type)!
    const { required = {}, optional = {} } = held.inputs(life)
    let valid = true
    for (const [name, spec] of Object.entries({ ...required, ...optional })) {
      if (!Object.hasOwn(inputs, name)) {
        if (name in required) errors.push(missing(name))
        continue
      }
      const value = inputs[name]
      if (Array.isArray(value)) {
        const problem = checkLink(graph, name, spec, value)
        if (problem) errors.push(problem)
        else if (!validateNode(value[0], 'exception_during_inner_validation')) valid = false
        continue
      }
      const isWrapped = typeof value === 'object' && value !== null && '__value__' in value
      const { value: made, problem } = checkValue(name, spec, isWrapped ? value.__value__ : value, {
        isChecked: !held.checks?.includes(name),
        checksNewCombos: life.version.checksNewCombos,
      })
      if (problem) errors.push(problem)
      else inputs[name] = made
    }
    const complaint = errors.length ? undefined : held.validate?.(inputs, life)
    if (complaint) {
      const [name] = complaint.split(' - ')
      errors.push({
        type: 'custom_validation_failed',
        message: 'Custom validation failed for node',
        details: complaint,
        extra_info: { input_name: name },
      })
    }
    return valid && !errors.length
  }
}

const linksOf = ({ inputs }: GraphNode): string[] =>
  Object.values(inputs).flatMap((value) => (Array.isArray(value) ? [value[0]] : []))

const missing = (name: string): Problem => ({
  type: 'required_input_missing',
  message: 'Required input is missing',
  details: name,
  extra_info: { input_name: name },
})

const frames = [serverLine(1010, 'validate_prompt'), serverLine(790, 'validate_inputs')]

const exception = (life: Life, type: string, error: PythonError): Problem => ({
  type,
  message: 'Exception when validating node',
  details: error.message,
  extra_info: { exception_type: error.type, traceback: traceback(life, frames) },
})

/** What is wrong with a link. What Python can't do with it throws. */
function checkLink(graph: Graph, name: string, spec: Spec, link: unknown[]): Problem | undefined {
  const about = { input_name: name, input_config: spec }
  if (link.length !== 2) {
    return {
      type: 'bad_linked_input',
      message: 'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      details: name,
      extra_info: { ...about, received_value: link },
    }
  }
  const [from, slot] = link
  if (typeof from !== 'string' || !Object.hasOwn(graph, from)) throw new PythonError('KeyError', repr(from))
  if (!Number.isInteger(slot)) {
    const kind = typeof slot === 'string' ? 'str' : typeof slot === 'number' ? 'float' : 'NoneType'
    throw new PythonError('TypeError', `tuple indices must be integers or slices, not ${kind}`)
  }
  const received = classes.get(graph[from]!.class_type)!.output?.at(slot as number)
  if (received === undefined) throw new PythonError('IndexError', 'tuple index out of range')
  const wanted = Array.isArray(spec[0]) ? 'COMBO' : String(spec[0])
  const takes = new Set(wanted.split(','))
  if (takes.has('*') || received === '*' || received.split(',').some((type) => takes.has(type)))
    return undefined
  const details = `${name}, received_type(${received}) mismatch input_type(${wanted})`
  return {
    type: 'return_type_mismatch',
    message: 'Return type mismatch between linked nodes',
    details,
    extra_info: { ...about, received_type: received, linked_node: link },
  }
}
