// Attends to a run that was sent: looks for its end, stops it on request, and brings back its result.
import { forEach, sleep, within } from '../../runtime.ts'
import type { Outcome } from '../../workerPort.ts'
import { NoAnswer } from '../api/client.ts'
import { readHistory } from '../api/queue.ts'
import type { Ended } from '../runRecord.ts'
import { endOf } from '../runs/historyEnd.ts'
import { findEnd, hasAny } from '../runs/runState.ts'
import { stopRun } from '../runs/stopRun.ts'
import { listen, stopListening } from './listen.ts'
import { Refused } from './news.ts'
import {
  AGAIN_MS,
  COMING_MS,
  free,
  isClosing,
  leave,
  untilHeard,
  type Worker,
  type WorkerRun,
} from './state.ts'

const LOOK_EVERY_MS = 1_000

/** Looks for the end of a run each second, and sooner when the socket says something. */
export async function attend(worker: Worker, one: WorkerRun): Promise<void> {
  listen(worker)
  if (one.isStopping) void stop(worker, one)
  while (!one.isOver && !isClosing(worker)) {
    const woken = new Promise<void>((resolve) => {
      one.wake = resolve
    })
    await within(woken, LOOK_EVERY_MS)
    await look(worker, one)
  }
}

/** Stops a run. The gateway asks for it once, so a request that fails is repeated. */
export async function stop(worker: Worker, one: WorkerRun): Promise<void> {
  one.isStopping = true
  while (!one.isOver && !isClosing(worker)) {
    try {
      await stopRun(worker.server, one.run.id)
      return one.wake?.()
    } catch {
      await sleep(AGAIN_MS)
    }
  }
}

async function look(worker: Worker, one: WorkerRun): Promise<void> {
  const { client, server, log } = worker
  const { run } = one
  let ended: Ended | undefined
  try {
    // After ComfyUI has said that the run is over, its history is enough.
    const history = one.isDone ? await readHistory(client, run.id) : undefined
    const isRead = history !== undefined && history !== 'unreadable'
    ended = isRead ? endOf(run, history) : await findEnd(server, run, () => one.isStopping)
  } catch (error) {
    if (!(error instanceof NoAnswer)) log('error', `Run ${run.id}: ${(error as Error).message}`)
  }
  if (!ended || one.isOver) return
  if (ended.isAbsent && one.after !== undefined) {
    const never = await neverCame(worker, one, one.after)
    if (never === undefined || one.isOver) return
    if (never) return await giveBack(worker, one)
  }
  if (ended.status === 'completed' && one.isUnheard) stopListening(worker)
  await bringBack(worker, one, ended)
}

/**
 * Whether the run surely never reached ComfyUI: it still has an earlier run, so it has not restarted, and has not had this one
 * for a while in which it answered. `undefined`: it is not known yet.
 */
async function neverCame({ server }: Worker, one: WorkerRun, earlier: string): Promise<boolean | undefined> {
  one.absentSince ??= performance.now()
  if (performance.now() - one.absentSince < COMING_MS) return undefined
  return await hasAny(server, [earlier]).catch(() => undefined)
}

/** Lets another server, or this one, have a run that was surely not sent. */
export async function giveBack(worker: Worker, one: WorkerRun): Promise<void> {
  await untilHeard(worker, () => worker.port.giveBack(one.run.id, one.mark)).catch(() => {})
  leave(worker, one)
}

/** Brings the result to the gateway, while the GPU works on the next run. */
export async function bringBack(worker: Worker, one: WorkerRun, ended: Ended): Promise<void> {
  const { client, port, runs, closing, log } = worker
  const { id } = one.run
  one.isOver = true
  const { error, completedAt, files, fault } = ended
  // After a failure, the gateway decides first whether this server gets another run.
  if (ended.status === 'completed') free(worker, one)
  try {
    await forEach(files, async ({ name, at }) => {
      if (!at) return
      await untilHeard(worker, async () => {
        const init = { signal: closing.signal }
        const { status, body } = await client.open(`/view?${new URLSearchParams({ ...at })}`, init)
        try {
          if (status === 200 && body) return await port.putOutput(id, name, body)
        } finally {
          // A gateway that refuses a file does not read it. A body that is being read can't be cancelled.
          await body?.cancel().catch(() => {})
        }
        if (status !== 404) throw new NoAnswer(`status ${status} for a file`)
      })
    })
    const status = ended.status as Outcome['status']
    await untilHeard(worker, () => port.end(id, { status, error, completedAt, files, fault }))
  } catch (error) {
    if (!(error instanceof Refused) && !isClosing(worker))
      log('error', `The result of run ${id} could not be brought back: ${(error as Error).message}`)
  }
  if (runs.get(id) === one) runs.delete(id)
  free(worker, one)
}
