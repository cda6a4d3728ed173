// Cancels a run: ends a run that was not sent, and else tells its worker to stop it.
import { type Engine, isEnded } from '../../engine.ts'
import { isEntry } from '../../queue/runs.ts'
import { within } from '../../runtime.ts'
import { endInVain } from './endRuns.ts'
import { followRun, runOf } from './followRuns.ts'
import type { State } from './state.ts'

/** A node that heeds no interrupt may take minutes: no caller waits that long. */
const WAIT_MS = 5_000

/** Cancels a run unless it has ended, and gives its state after that; `undefined` if no run has this id. */
export async function cancelRun(state: State, id: string): ReturnType<Engine['cancelRun']> {
  const { queue, servers } = state
  const before = await queue.get(id)
  if (!before) return undefined
  if (!isEntry(before)) return { run: await runOf(state, before), hadEnded: true }
  // First, since the end may come at once. This gateway writes it down, or another.
  const unfollow = followRun(state, id)
  let unwatch = (): void => {}
  const ended = new Promise<void>((resolve) => {
    unwatch = state.listeners.add(({ status }) => isEnded(status) && resolve(), id)
  })
  try {
    const entry = await queue.cancel(id)
    const server = servers.get(entry?.server ?? '')
    if (entry && entry.sentAt === undefined) await endInVain(state, entry, 'cancelled', null)
    else if (entry && server) {
      server.runs.set(id, entry)
      server.wake?.()
      await within(ended, WAIT_MS)
    }
  } finally {
    unfollow()
    unwatch()
  }
  const run = await runOf(state, (await queue.get(id))!)
  return { run, hadEnded: isEnded(run.status) && run.status !== 'cancelled' }
}
