// Sends runs to ComfyUI, one at a time, each once and only with the gateway's mark. Inputs are uploaded ahead.
import { EngineError } from '../../engine.ts'
import { NoAnswer } from '../api/client.ts'
import { putFile } from '../api/files.ts'
import { endWithout } from '../runs/historyEnd.ts'
import { extraOf, postRun } from '../runs/sendRun.ts'
import type { GraphNode } from '../workflows/types.ts'
import { attend, bringBack, giveBack } from './attend.ts'
import { listen } from './listen.ts'
import { type Assignment, Refused } from './news.ts'
import { isClosing, leave, untilHeard, type Worker, type WorkerRun } from './state.ts'

/** Uploads the inputs of a run while the one before it is at work. Gives the graph with their names on ComfyUI. */
export async function prepareInputs(
  worker: Worker,
  { run, graph, files }: Assignment,
  signal: AbortSignal,
): Promise<Record<string, GraphNode>> {
  const names = new Map<string, string>()
  for (const name of files) {
    const { body } = await untilHeard(worker, () => worker.port.openInput(run.id, name))
    const either = AbortSignal.any([signal, worker.closing.signal])
    names.set(name, await putFile(worker.client, name, { body }, either))
  }
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') return names.get(value) ?? value
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(rename)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rename(item)]))
  }
  return (names.size > 0 ? rename(graph) : graph) as Record<string, GraphNode>
}

/** Sends the run that is ahead, if the GPU is free. */
export function sendNext(worker: Worker): void {
  const next = [...worker.runs.values()].find(({ isSent }) => !isSent)
  if (worker.active || !next || worker.isDraining || isClosing(worker)) return
  worker.active = next
  void send(worker, next).catch((error) =>
    worker.log('error', `Run ${next.run.id} could not be sent: ${error.message}`),
  )
}

async function send(worker: Worker, one: WorkerRun): Promise<void> {
  const { client, port, server } = worker
  const { run } = one
  listen(worker)
  try {
    const graph = await one.graph
    // Without a mark, another server can take it.
    await client.check()
    if (one.isOver) return leave(worker, one)
    if (worker.isDraining) return
    one.isSent = true
    // Nothing was sent. So there is no hurry: only the gateway's answer says whose run it is.
    one.mark = await untilHeard(worker, () => port.send(run.id), Number.POSITIVE_INFINITY)
    if (one.mark === undefined) return leave(worker, one)
    one.isUnheard = worker.isSocketOpen
    // From here on, the run is never sent again.
    const ids = { prompt_id: run.id, client_id: worker.socketId }
    await postRun(server, run, { prompt: graph, ...ids, extra_data: extraOf(client, run) })
    server.taken.set(run.id, server.taken.get(run.id) ?? [])
    return void attend(worker, one)
  } catch (error) {
    if (isClosing(worker) || error instanceof Refused || one.isOver) return leave(worker, one)
    // The answer was lost, and the run may be there.
    if (error instanceof EngineError && error.runId !== undefined) return void attend(worker, one)
    if (!(error instanceof NoAnswer))
      return await bringBack(worker, one, endWithout(run, 'failed', (error as Error).message))
    // It was surely not sent: another server may take it.
    await giveBack(worker, one)
  }
}
