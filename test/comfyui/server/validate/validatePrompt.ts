import { classes } from '../nodes/classes.ts'
import type { Graph, Life } from '../types.ts'
import { type Problem, validateOutput } from './validateNode.ts'

export interface Refusal {
  type: string
  message: string
  details: string
  extra_info: Record<string, unknown>
}

export interface Verdict {
  /** Where nothing can run. */
  error?: Refusal
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
