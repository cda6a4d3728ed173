// Runs that wait in vain: says why no server can take them, and ends those that have waited for too long.
import { UNTAKEN } from '../runs/historyEnd.ts'
import { assignRuns, learnLacks } from './assignRuns.ts'
import { endInVain } from './endRuns.ts'
import { isLong, tellPlaces } from './followRuns.ts'
import { isLive, meets, notePaused, restOf } from './servers.ts'
import type { State, Unmet } from './state.ts'

/** Above this number, a server's lacks are kept for the runs that wait only. These must stay, or it is asked for ever. */
const MOST_LACKS = 1_000

export async function watchWaiting(state: State): Promise<void> {
  const { queue, unmet } = state
  const { heads, paused } = await queue.waiting()
  notePaused(state.servers, paused)
  const waiting = new Set(heads.map(({ needs }) => needs))
  await learnAll(state, waiting)
  const before = new Map(unmet)
  unmet.clear()
  for (const id of waiting) explain(state, id, before.get(id))
  if (waiting.size === 0) return
  void assignRuns(state)
  await expire(state)
}

async function learnAll(state: State, waiting: ReadonlySet<string>): Promise<void> {
  const servers = [...state.servers.values()]
  for (const { lacks } of servers)
    if (lacks.size > MOST_LACKS) for (const id of lacks.keys()) if (!waiting.has(id)) lacks.delete(id)
  const own = servers.filter(({ isAbroad }) => !isAbroad)
  for (const server of own) if (isLive(server) && server.isUp) await learnLacks(state, server, waiting)
  // Servers elsewhere are asked for the reason only: their gateways give them runs.
  const open = [...waiting].filter((id) => !own.some((server) => meets(server, id)))
  for (const server of servers) if (server.isAbroad && isLive(server)) await learnLacks(state, server, open)
}

/** Notes why no server can take runs with such needs, and says so once. */
function explain(state: State, id: string, before?: Unmet): void {
  const reasons = [...state.servers.values()].map((server) => {
    const lack = server.lacks.get(id)?.lack
    if (!isLive(server) || !server.isUp || lack === undefined) return `${server.name} does not answer`
    if (server.isPaused) return `${server.name} is paused`
    if (restOf(server)) return `${server.name} ${restOf(server)}`
    return lack === null ? undefined : `${server.name} lacks ${lack}`
  })
  if (reasons.includes(undefined)) return
  const why =
    reasons.length > 0 ? `No server can take the run: ${reasons.join('; ')}` : 'No worker has dialled in'
  const { since = performance.now(), isLogged = false } = before ?? {}
  state.unmet.set(id, { since, why, isLogged: isLogged || isLong(since) })
  if (isLogged || !isLong(since)) return
  state.log('warn', why)
  tellPlaces(state)
}

async function expire(state: State): Promise<void> {
  const { queue, maxQueueMs } = state
  const now = performance.now()
  if (now - state.expiredAt < maxQueueMs / 100) return
  state.expiredAt = now
  const hours = Math.round(maxQueueMs / 360_000) / 10
  for (const { job } of await queue.olderThan(Date.now() - maxQueueMs)) {
    // From here on, no server sends it.
    const entry = await queue.cancel(job.id)
    if (entry && entry.sentAt === undefined)
      await endInVain(state, entry, 'failed', `${UNTAKEN} for ${hours} hours`)
  }
}
