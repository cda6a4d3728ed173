import { randomUUID } from 'node:crypto'
import { type Context, json, type Reply } from './http.ts'
import { classes } from './nodes/classes.ts'
import { str, toFloat } from './python.ts'
import { push } from './queue.ts'
import { remaining, sendStatus } from './sockets.ts'
import type { Graph, Item, Life } from './types.ts'
import { validatePrompt } from './validate.ts'

export const getPrompt = ({ life }: Context): Reply =>
  json({ exec_info: { queue_remaining: remaining(life) } })

/** Checks a graph and queues it. What Python would stumble over throws, and so becomes a 500. */
export async function postPrompt({ life, readJson }: Context): Promise<Reply> {
  const body = (await readJson()) as Record<string, unknown>
  if (body === null || typeof body !== 'object') throw new TypeError('not a dict')
  const number = numberOf()
  if (!('prompt' in body)) {
    const message = 'No prompt provided'
    const error = { type: 'no_prompt', message, details: message, extra_info: {} }
    return json({ error, node_errors: {} }, 400)
  }
  const graph = replaceNodes(life, body.prompt as Graph)
  const prompt_id = 'prompt_id' in body ? str(body.prompt_id) : randomUUID()
  const targets = body.partial_execution_targets as unknown[] | undefined
  const { error, outputs, nodeErrors: node_errors } = validatePrompt(life, graph, targets ?? undefined)
  let extra = ('extra_data' in body ? body.extra_data : {}) as Record<string, unknown> | null
  if ('client_id' in body) {
    if (!extra) throw new TypeError("'NoneType' object does not support item assignment")
    extra = { ...extra, client_id: body.client_id }
  }
  if (error) return json({ error, node_errors }, 400)
  if (life.version.createTime) {
    if (!extra) throw new TypeError("'NoneType' object does not support item assignment")
    extra = { ...extra, create_time: Date.now() }
  }
  const item: Item = [number, prompt_id, graph, extra, outputs]
  try {
    push(life.pending, item)
  } finally {
    sendStatus(life)
    life.wake()
  }
  return json({ prompt_id, number, node_errors })

  /** The place in the queue: a counter's, negative for `front`, or the caller's own. */
  function numberOf(): number {
    if (!Array.isArray(body) && 'number' in body) return toFloat(body.number)
    const counted = life.counter++
    return body.front ? 0 - counted : counted
  }
}

/** Replaces the nodes of classes that the server does not have. Without a mapping, a node loses its inputs; without `_meta`, it throws. */
function replaceNodes(life: Life, graph: Graph): Graph {
  const isMissing = (type: string): boolean => !classes.has(type) || life.without.includes(type)
  for (const [id, node] of Object.entries(graph ?? {})) {
    const [replacement] = (isMissing(node?.class_type) && life.replacements[node?.class_type]) || []
    if (!replacement || isMissing(replacement.new_node_id)) continue
    if (!node._meta) throw new TypeError("KeyError: '_meta'")
    const inputs = (replacement.input_mapping ?? []).map(({ new_id, old_id, set_value }) => [
      new_id,
      old_id === undefined ? set_value : node.inputs[old_id],
    ])
    graph[id] = { ...node, class_type: replacement.new_node_id, inputs: Object.fromEntries(inputs) }
  }
  return graph
}
