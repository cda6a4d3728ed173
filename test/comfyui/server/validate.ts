import { classes } from './nodes/classes.ts'
import type { Spec } from './nodes/types.ts'
import { convert, PythonError, repr, serverLine, str, traceback } from './python.ts'
import type { Graph, GraphNode, Life } from './types.ts'

interface Verdict {
  /** Where nothing can run. */
  error?: Problem
  outputs: string[]
  nodeErrors: Record<string, { errors: Problem[]; dependent_outputs: string[]; class_type: string }>
}

const refuse = (type: string, message: string, details = ''): Verdict => ({
  error: { type, message, details, extra_info: {} },
  outputs: [],
  nodeErrors: {},
})

/** Checks a graph, and converts its values in it. What is no graph at all throws. */
export function validatePrompt(life: Life, graph: unknown, targets?: readonly unknown[]): Verdict {
  const outputs: string[] = []
  if (typeof graph === 'string' ? graph : typeof graph !== 'object' || !graph) throw new TypeError('no graph')
  for (const [id, node] of Object.entries(graph as Graph)) {
    if (node === null || ['number', 'boolean', 'bigint'].includes(typeof node)) throw new TypeError('no node')
    const name = typeof node === 'object' && !Array.isArray(node) ? node.class_type : undefined
    const details = `Node ID '#${id}'`
    if (name === undefined) {
      const message = 'Cannot execute because a node is missing the class_type property.'
      return refuse('invalid_prompt', message, details)
    }
    const held = life.without.includes(name) ? undefined : classes.get(name)
    if (!held) return refuse('invalid_prompt', `Cannot execute because node ${name} does not exist.`, details)
    if (held.isOutput && (!targets || targets.includes(id))) outputs.push(id)
  }
  if (!outputs.length) return refuse('prompt_no_outputs', 'Prompt has no outputs')

  const good: string[] = []
  const ownProblems: Problem[] = []
  const nodeErrors: Verdict['nodeErrors'] = {}
  const checked = new Map<string, { valid: boolean; errors: Problem[] }>()
  for (const output of outputs) {
    const { valid, errors, touched } = validateOutput(life, graph as Graph, output, checked)
    if (valid) {
      good.push(output)
      continue
    }
    ownProblems.push(...errors)
    for (const id of touched) {
      const found = checked.get(id)!.errors
      if (!found.length) continue
      const { class_type } = (graph as Graph)[id]!
      nodeErrors[id] ??= { errors: found, dependent_outputs: [], class_type }
      nodeErrors[id].dependent_outputs.push(output)
    }
  }
  if (good.length) return { outputs: good, nodeErrors }
  const details = ownProblems.map((problem) => `${problem.message}: ${problem.details}`).join('\n')
  return {
    ...refuse('prompt_outputs_failed_validation', 'Prompt outputs failed validation', details),
    nodeErrors,
  }
}

type Checked = Map<string, { valid: boolean; errors: Problem[] }>

/** Checks an output node and all that it needs. */
function validateOutput(
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

interface Problem {
  type: string
  message: string
  details: string
  extra_info: Record<string, unknown>
}

/** A number in a message: one with a fraction always shows it. */
const show = (type: unknown, value: unknown): string =>
  type === 'FLOAT' && Number.isInteger(value) ? `${value}.0` : String(value)

/** The choices of an input, in both spellings. */
function choicesOf([type, options]: Spec, checksNewCombos: boolean): readonly unknown[] | undefined {
  if (Array.isArray(type)) return type
  return type === 'COMBO' && checksNewCombos ? options?.options : undefined
}

/** Converts a value and checks it: what was made of it, and what is wrong with it. */
function checkValue(
  name: string,
  spec: Spec,
  value: unknown,
  { isChecked, checksNewCombos }: { isChecked: boolean; checksNewCombos: boolean },
): { value: unknown; problem?: Problem } {
  const [type, options = {}] = spec
  const about = { input_name: name, input_config: spec, received_value: value }
  let made: any
  try {
    made = convert(type, value)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    const problem: Problem = {
      type: 'invalid_input_type',
      message: `Failed to convert an input value to a ${type} value`,
      details: `${name}, ${str(value)}, ${error.message}`,
      extra_info: { ...about, exception_message: error.message },
    }
    return { value, problem }
  }
  if (!isChecked) return { value: made }
  const extra_info = { ...about, received_value: made }
  for (const [type_, word, limit, isOut] of [
    ['value_smaller_than_min', 'smaller than min', options.min, made < options.min],
    ['value_bigger_than_max', 'bigger than max', options.max, made > options.max],
  ] as const) {
    if (limit === undefined || !isOut) continue
    const message = `Value ${show(type, made)} ${word} of ${show(type, limit)}`
    return { value: made, problem: { type: type_, message, details: name, extra_info } }
  }
  const choices = choicesOf(spec, checksNewCombos)
  if (choices && !choices.includes(made)) {
    const isLong = choices.length > 20
    const list = isLong ? `(list of length ${choices.length})` : repr(choices)
    const problem: Problem = {
      type: 'value_not_in_list',
      message: 'Value not in list',
      details: `${name}: ${repr(made)} not in ${list}`,
      extra_info: { ...extra_info, ...(isLong && { input_config: null }) },
    }
    return { value: made, problem }
  }
  return { value: made }
}
