// Cancels a run: at once if it was not sent, or else by its worker, whose next news name the run.
import { isEnded, type Run } from '../../engine.ts'
import { isEntry } from '../../queue/runs.ts'
import { within } from '../../runtime.ts'
import { endInVain } from './endRuns.ts'
import { followRun, runOf } from './followRuns.ts'
import { wake } from './servers.ts'
import type { State } from './state.ts'

/** A node that heeds no interrupt may take minutes: no caller waits that long. */
const WAIT_MS = 5_000

/** Cancels a run unless it has ended, and gives its state after that; `undefined` if no run has this id. */
export async function cancelRun(
  state: State,
  id: string,
): Promise<{ run: Run; hadEnded: boolean } | undefined> {
  const { queue, servers } = state
  const before = await queue.get(id)
  if (!before) return undefined
  if (!isEntry(before)) return { run: await runOf(state, before), hadEnded: true }
  // First, since the end may come at once.
  const { ended, forget } = listenForEnd(state, id)
  try {
    const entry = await queue.cancel(id)
    const server = servers.get(entry?.server ?? '')
    if (entry && entry.sentAt === undefined) await endInVain(state, entry, 'cancelled', null)
    else if (entry && server) {
      server.runs.set(id, entry)
      wake(server)
      await within(ended, WAIT_MS)
    }
  } finally {
    forget()
  }
  const run = await runOf(state, (await queue.get(id))!)
  return { run, hadEnded: isEnded(run.status) && run.status !== 'cancelled' }
}

/** Listens for the end of a run, which this gateway or another writes down. */
function listenForEnd(state: State, id: string): { ended: Promise<void>; forget: () => void } {
  const unfollow = followRun(state, id)
  let unwatch = (): void => {}
  const ended = new Promise<void>((resolve) => {
    unwatch = state.listeners.add(({ status }) => isEnded(status) && resolve(), id)
  })
  const forget = (): void => {
    unfollow()
    unwatch()
  }
  return { ended, forget }
}
