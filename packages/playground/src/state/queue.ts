// What the server says about the queue, about the latest runs, and about one run.

import { checkHealth, getQueue, getRun, getRuns } from '@flowscale/client'
import { hasEnded, note, noteRun } from './runs.ts'
import { change, type Failure, type Session, state } from './store.ts'

let timer: ReturnType<typeof setTimeout>
let due = Number.POSITIVE_INFINITY

/** Reads the queue in a moment, unless an earlier read is planned. */
export function readQueueSoon(session: Session, delayMs = 150): void {
  const time = Date.now() + delayMs
  if (session !== state.session || time >= due) return
  clearTimeout(timer)
  due = time
  timer = setTimeout(() => {
    due = Number.POSITIVE_INFINITY
    readQueue(session)
  }, delayMs)
}

/** Stops reading the queue. */
export function stopQueue(): void {
  clearTimeout(timer)
  due = Number.POSITIVE_INFINITY
}

async function readQueue(session: Session): Promise<void> {
  try {
    if (!document.hidden) await noteQueue(session)
  } catch (error) {
    // The next round reads it again.
    if (session !== state.session) return
    const { status, body } = error as Failure
    // While a server is away, a proxy may answer in its place, but not with JSON.
    session.isLost = !status || (Number(status) >= 500 && typeof (body ?? '') === 'string')
    change()
  }
  readQueueSoon(session, 2000)
}

async function noteQueue(session: Session): Promise<void> {
  const options = { signal: session.stop.signal, maxRetries: 0 }
  const [queue, health] = await Promise.all([
    getQueue(session.client, options),
    checkHealth(session.client, options).catch(() => ({ data: [] })),
  ])
  if (session !== state.session) return
  // A pod gives no reason.
  const reasons = new Map(
    health.data.map(({ container, status, reason = 'does not answer' }) => [
      container,
      status === 'stopped' ? reason : undefined,
    ]),
  )
  const containers = queue.data.map((container) => ({
    ...container,
    stopped: reasons.get(container.container),
    // The queue that several servers take from is no server, and has no health.
    isShared: reasons.size > 0 && !reasons.has(container.container),
  }))
  const servers = containers.filter(({ isShared }) => !isShared)
  session.isLost = false
  session.away =
    servers.length > 0 && servers.every(({ stopped }) => stopped)
      ? servers.map(({ container, stopped }) => `${container}: ${stopped}`).join('; ')
      : ''
  change({ containers })
  const known = new Set(state.runs.keys())
  const going = new Set<string>()
  for (const { queue } of containers) {
    for (const [, id] of queue.queue_running) {
      going.add(id)
      note(id, { status: 'running' })
    }
    for (const [ahead, [, id]] of queue.queue_pending.entries()) {
      going.add(id)
      note(id, { status: 'queued', ahead })
    }
  }
  const isNew = [...going].some((id) => !known.has(id))
  const hasLeft = [...state.runs.values()].some(
    (run) => !run.isFollowed && !hasEnded(run) && !going.has(run.id),
  )
  // Only the list of runs has the inputs of new runs, and the status of others that have left the queue.
  if (isNew || hasLeft) await readRuns(session, going)
}

/** Reads the latest runs. `going` has the ids in the queue. A run that is missing in the list and in the queue is gone. */
export async function readRuns(session: Session, going?: Set<string>): Promise<void> {
  const options = { signal: session.stop.signal, maxRetries: 0, pageSize: 100 }
  const { data } = await getRuns(session.client, options).catch((error: Failure) => {
    // Some servers list the runs of a group only.
    if (error.code === 'ERR_FLOWSCALE_VALIDATION') return { data: { runs: [] } }
    throw error
  })
  if (session !== state.session) return
  const listed = data.runs.filter(({ _id }) => _id)
  for (const run of listed) noteRun(run)
  if (!going) return
  const known = new Set([...going, ...listed.map(({ _id }) => _id)])
  for (const run of state.runs.values()) {
    if (!run.isFollowed && !hasEnded(run) && !known.has(run.id)) note(run.id, { status: 'lost' })
  }
}

/** Reads one run from the server, such as an old run that the address of the page names. */
export async function readRun(session: Session, id: string): Promise<void> {
  try {
    const { data } = await getRun(session.client, id, { signal: session.stop.signal })
    if (session === state.session) noteRun(data)
  } catch (error) {
    if (session === state.session && (error as Failure).status === 404) note(id, { status: 'lost' })
  }
}
