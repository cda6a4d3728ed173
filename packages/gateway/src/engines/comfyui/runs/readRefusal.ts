import type { Submitted } from '../../../comfyui/runRecord.ts'
import type { ComfyWorkflow } from '../../../comfyui/workflows/types.ts'
import { EngineError, InputError, type Problem } from '../../../engineErrors.ts'
import { sayLack } from '../workflows/sayLack.ts'
import { withoutPaths } from './withoutPaths.ts'

/** Whether an answer to `/prompt` names faults of nodes. */
export function hasNodeErrors(body: unknown): boolean {
  return Object.keys(Object(Object(body).node_errors)).length > 0
}

/** Why ComfyUI did not take a run: by input where one is to blame, else by node. Never its traceback or paths. */
export function readRefusal(body: unknown, run: Submitted, { nodes, inputs }: ComfyWorkflow): Error {
  const { error, node_errors } = Object(body)
  const problems: Problem[] = []
  const others: string[] = []
  for (const [node, faults] of Object.entries(Object(node_errors))) {
    const { errors, class_type } = Object(faults)
    for (const fault of errors ?? []) {
      const { input_name: field, received_value } = Object(fault.extra_info)
      const name = [...inputs].find(([, input]) => input.node === node && input.field === field)?.[0]
      const type = String(fault.type ?? 'value_error')
      const known = type === 'value_not_in_list' ? nodes.get(node) : undefined
      const msg = known ? sayLack(known, String(field), received_value) : say(fault)
      if (name !== undefined) problems.push({ loc: ['body', name], msg, type })
      else if (known) others.push(msg)
      else others.push(`node "${run.titles[node] ?? class_type ?? node}": ${msg}`)
    }
  }
  if (problems.length > 0) return new InputError(problems)
  const why = others.length > 0 ? others.join('; ') : say(Object(error))
  return new EngineError(422, `ComfyUI refused the run: ${why}`)
}

function say({ type, message, details }: Record<string, unknown>): string {
  // Of an exception, the details are of use to nobody but ComfyUI's authors.
  const parts = String(type).startsWith('exception_') ? [message] : [message, details]
  const said = parts.filter((part) => typeof part === 'string' && part !== '').join(': ')
  return withoutPaths(said).trim().slice(0, 500) || 'it does not say why'
}
