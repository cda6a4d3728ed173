// Decides which worker speaks for a server, and reads which runs each server has.
import { Refused } from '../worker/news.ts'
import type { Entry } from './job.ts'
import { keepsName, type Server, setSession } from './servers.ts'
import type { State } from './state.ts'

/**
 * Lets the worker with this session speak for the server. `polls`: it asks this gateway for runs.
 *
 * @throws Refused while another worker does.
 */
export async function claimServer(
  state: State,
  server: Server,
  session: string,
  polls = false,
): Promise<void> {
  const { peers } = state.queue
  const isOther = server.session !== session
  if (isOther || (polls && server.isAbroad)) {
    if (isOther && !server.isAbroad && keepsName(server)) throw new Refused('session')
    if (peers && !(await peers.claim(server.name, session, polls))) throw new Refused('session')
    server.isNew ||= isOther
    setSession(server, session)
    server.isAbroad = peers !== undefined && !polls
    await readServerRuns(state)
  }
  server.seenAt = performance.now()
}

/** Reads from the queue which server has which run. */
export async function readServerRuns(state: State): Promise<void> {
  const { queue, servers, progress, strays } = state
  let entries: readonly Entry[]
  let before: number
  do {
    before = state.steps
    entries = await queue.held()
  } while (state.steps !== before)
  for (const server of servers.values()) {
    const own = entries.filter((entry) => entry.server === server.name)
    const ids = new Set(own.map(({ job }) => job.id))
    for (const kept of [server.runs, server.work])
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id)
    for (const entry of own) server.runs.set(entry.job.id, entry)
  }
  const all = new Set(entries.map(({ job }) => job.id))
  for (const kept of [progress, strays]) for (const id of kept.keys()) if (!all.has(id)) kept.delete(id)
  for (const { job, server = '' } of entries) {
    if (servers.has(server)) strays.delete(job.id)
    else if (!strays.has(job.id)) strays.set(job.id, performance.now())
  }
}
