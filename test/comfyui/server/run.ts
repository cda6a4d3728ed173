import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { classes } from './nodes/classes.ts'
import { tensorText } from './nodes/media.ts'
import type { Work } from './nodes/types.ts'
import { PythonError, serverLine, toJson, traceback } from './python.ts'
import { pop, withoutKeys } from './queue.ts'
import { createProgress, send, sendStatus } from './sockets.ts'
import type { Graph, HistoryEntry, Item, Life, Ui } from './types.ts'

/** Between the last message of a run and its entry in history, as on a real server in a third of the runs. */
const historyDelayMs = 5

/** One run after another, until an exception outside of a node ends the worker for good. */
export function startWorker(life: Life): void {
  let busy = false
  const work = async (): Promise<void> => {
    for (let item = pop(life.pending); item; item = pop(life.pending)) {
      life.running.push(item)
      sendStatus(life)
      await perform(life, item)
      if (life.workerDead || life.end.signal.aborted) return
    }
    if (life.freeMemory) life.cache.clear()
    life.freeMemory = false
  }
  life.wake = () => {
    if (busy || life.workerDead) return
    busy = true
    // As from another thread: whoever called goes on first.
    setImmediate(() => {
      work().then(
        () => {
          busy = false
          if (life.pending.length) life.wake()
        },
        () => {
          life.workerDead = true
        },
      )
    })
  }
}

async function perform(life: Life, item: Item): Promise<void> {
  const [, prompt_id, , extra] = item
  if (life.end.signal.aborted) return
  life.clientId = extra?.client_id
  life.lastNode = undefined
  if (typeof life.clientId === 'object' && life.clientId !== null) return life.crash()
  const entry = await performRun(life, item)
  if (entry.status.completed) await wait(historyDelayMs, undefined, { signal: life.end.signal })
  if (life.workerDead || life.end.signal.aborted) return
  entry.prompt = [item[0], prompt_id, item[2], withoutKeys(extra), item[4]]
  life.running.splice(life.running.indexOf(item), 1)
  if (life.history.size >= 10_000) life.history.delete(life.history.keys().next().value!)
  life.history.set(prompt_id, entry)
  if (life.freeMemory) life.cache.clear()
  life.freeMemory = false
  sendStatus(life)
  const { clientId } = life
  life.lastNode = undefined
  if (clientId !== undefined && clientId !== null)
    send(life, 'executing', { node: null, prompt_id }, clientId)
}

class Interrupted extends Error {}

/** Performs one run: what history will hold of it. */
export async function performRun(life: Life, item: Item): Promise<HistoryEntry> {
  const [, prompt_id, graph, extra, outputs] = item
  const entry: HistoryEntry = {
    prompt: item,
    outputs: {},
    status: { status_str: 'success', completed: true, messages: [] },
    meta: {},
  }
  const hasClient = life.clientId !== undefined && life.clientId !== null
  const executed: string[] = []
  const tell = (type: string, data: Record<string, unknown>, to: 'submitter' | 'all' = 'submitter'): void => {
    const message = { ...data, timestamp: Date.now() }
    entry.status.messages.push([type, message])
    if (hasClient || to === 'all') send(life, type, message, life.clientId)
  }
  const toSubmitter = (type: string, node: string, more: object = {}): void => {
    if (hasClient) send(life, type, { node, display_node: node, ...more, prompt_id }, life.clientId)
  }
  const report = (node: string, ui: { meta: HistoryEntry['meta'][string]; output: Ui }): void => {
    entry.outputs[node] = ui.output
    entry.meta[node] = ui.meta
  }

  life.interrupted = false
  tell('execution_start', { prompt_id })
  life.performed(prompt_id)
  if (!extra) throw new TypeError("argument of type 'NoneType' is not iterable")
  const keys = cacheKeys(life, graph, outputs)
  const kept = new Set(life.cacheNone ? [] : keys.values())
  for (const key of life.cache.keys()) if (!kept.has(key)) life.cache.delete(key)
  const isCached = (id: string): boolean => life.cache.has(keys.get(id)!)
  tell('execution_cached', { nodes: [...keys.keys()].filter(isCached), prompt_id })

  const progress = createProgress(life, prompt_id)
  const results = new Map<string, unknown[]>()
  const resultOf = (id: string): unknown[] => results.get(id) ?? life.cache.get(keys.get(id)!)!.result
  const waiting = nodesToRun(item, isCached)

  for (const node of outputs.filter(isCached)) {
    const { ui } = life.cache.get(keys.get(node)!)!
    toSubmitter('executed', node, { output: ui?.output ?? null })
    if (ui && (hasClient || !life.version.losesCachedOutputs)) report(node, ui)
    progress.finish(node)
  }

  while (waiting.length) {
    const ready = waiting.filter((id) =>
      linksOf(item, id).every((from) => results.has(from) || isCached(from)),
    )
    const node = ready.find((id) => outputs.includes(id)) ?? ready[0]!
    waiting.splice(waiting.indexOf(node), 1)
    const { class_type, inputs } = graph[node]!
    const values = Object.fromEntries(
      Object.entries(inputs).map(([name, held]) => [
        name,
        isLink(held) ? resultOf(held[0])[held[1]] : unwrap(held),
      ]),
    )
    const mayGoOn = (): void => {
      if (!life.interrupted) return
      life.interrupted = false
      throw new Interrupted()
    }
    const work: Work = {
      life,
      sleep: async (seconds) => {
        await wait((seconds * 1000) / life.speed, undefined, { signal: life.end.signal })
      },
      progress(value, max, preview) {
        mayGoOn()
        progress.step(node, value, max, preview)
      },
    }
    life.lastNode = node
    progress.start(node)
    toSubmitter('executing', node)
    try {
      mayGoOn()
      life.performed(prompt_id, node)
      const { result = [], ui: output } = await classes.get(class_type)!.run(values, work)
      const meta = { node_id: node, display_node: node, parent_node: null, real_node_id: node }
      const ui = output && { meta, output }
      if (ui) {
        report(node, ui)
        toSubmitter('executed', node, { output })
      }
      results.set(node, result)
      if (!life.cacheNone) life.cache.set(keys.get(node)!, { result, ui })
      executed.push(node)
      progress.finish(node)
    } catch (error) {
      if (life.end.signal.aborted) throw error
      entry.status = { ...entry.status, status_str: 'error', completed: false }
      const about = { prompt_id, node_id: node, node_type: class_type, executed }
      if (error instanceof Interrupted) {
        tell('execution_interrupted', about, 'all')
        return entry
      }
      const raised = error instanceof PythonError ? error : new PythonError('Exception', String(error))
      tell('execution_error', {
        ...about,
        exception_message: `${raised.message}\n`,
        exception_type: raised.type,
        traceback: traceback(life, [...frames, ...raised.frames]),
        current_inputs: Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, [show(value)]]),
        ),
        current_outputs: [...keys.keys()],
      })
      return entry
    }
  }
  tell('execution_success', { prompt_id })
  return entry
}

const linksOf = ([, , graph]: Item, id: string): string[] =>
  Object.values(graph[id]!.inputs).flatMap((value) => (isLink(value) ? [value[0]] : []))

const unwrap = (value: any): unknown => (value?.__value__ === undefined ? value : value.__value__)

/** The nodes that are not cached and that an output needs, first those without links. */
function nodesToRun(item: Item, isCached: (id: string) => boolean): string[] {
  const found: string[] = []
  const visit = (id: string): void => {
    if (found.includes(id) || isCached(id)) return
    for (const from of linksOf(item, id)) visit(from)
    found.push(id)
  }
  for (const output of item[4]) visit(output)
  const depth = (id: string): number => (isCached(id) ? 0 : 1 + Math.max(-1, ...linksOf(item, id).map(depth)))
  return found.sort((a, b) => depth(a) - depth(b))
}

/** Of each node that an output needs: its class, its inputs, what changed of its files, and the same of all before it. */
function cacheKeys(life: Life, graph: Graph, outputs: readonly string[]): Map<string, string> {
  const keys = new Map<string, string>()
  const keyOf = (id: string): string => {
    const known = keys.get(id)
    if (known) return known
    const { class_type, inputs } = graph[id]!
    const shown = Object.entries(inputs)
      .map(([name, value]) => [name, isLink(value) ? [keyOf(value[0]), value[1]] : value])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    const changed = classes.get(class_type)!.changed?.(inputs, life) ?? null
    const key = createHash('sha256')
      .update(toJson([class_type, changed, shown]))
      .digest('hex')
    keys.set(id, key)
    return key
  }
  for (const output of outputs) keyOf(output)
  return keys
}

const isLink = (value: unknown): value is [string, number] => Array.isArray(value)

const frames = [
  serverLine(496, 'execute'),
  serverLine(315, 'get_output_data'),
  serverLine(289, '_async_map_node_over_list'),
  serverLine(277, 'process_inputs'),
]

const show = (value: any): unknown =>
  value?.frames
    ? tensorText(value)
    : typeof value === 'object' && value !== null
      ? '<object>'
      : (value ?? null)
