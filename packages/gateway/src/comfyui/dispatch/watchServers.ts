// Looks after the servers each second: whether they answer, and what becomes of the runs of a server that is gone.
import { UNKNOWN } from '../runs/historyEnd.ts'
import { readServerRuns } from './claimServer.ts'
import { endCancelled, endInVain, giveBack } from './endRuns.ts'
import { tellUntold } from './followRuns.ts'
import { type Entry, entryOf } from './job.ts'
import { joinPeers } from './peers.ts'
import { watchAsked } from './previews.ts'
import { activeOf, aheadOf, canTake, isFree, isLive, letGo, meets, restOf, type Server } from './servers.ts'
import type { State } from './state.ts'
import { watchWaiting } from './watchWaiting.ts'

const TICK_MS = 1_000
const LATE_MS = 10_000
/** A run that was taken ahead goes back after this time, if another server could take it. */
const AHEAD_MS = 3_000

/** Opens the queue; after an error, it may be called again. `addServer` adds a server whose worker asks another gateway. */
export async function openDispatch(state: State, addServer: (name: string) => Server): Promise<void> {
  const { queue, log } = state
  state.cancelled ??= await queue.open((message) => log('warn', message), state)
  for (const { job } of state.cancelled) await endCancelled(state, job.id)
  state.cancelled = []
  state.meetPeers ??= queue.peers && joinPeers(queue.peers, state, addServer)
  await state.meetPeers?.()
  const look = (): Promise<void> =>
    tick(state).catch((error) => state.complain('The look at the servers', error))
  state.timer ??= setInterval(() => void look(), TICK_MS)
  if (typeof state.timer === 'object') state.timer.unref()
}

export async function closeDispatch(state: State): Promise<void> {
  clearInterval(state.timer)
  clearTimeout(state.placesTimer)
  state.followed.clear()
  state.listeners.clear()
  // Their workers can go to another gateway at once.
  for (const server of state.servers.values()) letGo(server)
  // A Redis that is away is no reason against a close: the others notice the silence.
  await state.meetPeers?.().catch(() => {})
}

/** One look at a time, however long the queue takes. */
async function tick(state: State): Promise<void> {
  if (state.isTicking) return
  state.isTicking = true
  try {
    const before = state.tickedAt
    watchAsked(state)
    await keepInTouch(state)
    tellUntold(state)
    // After a standstill nobody knows whether servers had work.
    const passedMs = state.tickedAt - before < LATE_MS ? state.tickedAt - before : 0
    for (const server of state.servers.values()) {
      if (!server.isAbroad && canTake(server) && isFree(server)) state.observer?.idle(server.name, passedMs)
      await check(state, server)
    }
    await settleStrays(state)
    await watchWaiting(state)
  } finally {
    state.isTicking = false
  }
}

async function keepInTouch(state: State): Promise<void> {
  try {
    await state.meetPeers?.()
    await readServerRuns(state)
  } catch (error) {
    state.isInTouch = false
    throw error
  }
  const now = performance.now()
  // Workers may have spoken to other gateways meanwhile, or this process stood still: silence counts anew.
  if (!state.isInTouch || now - state.tickedAt > LATE_MS) state.inTouchSince = now
  state.isInTouch = true
  state.tickedAt = now
}

async function check(state: State, server: Server): Promise<void> {
  const now = state.tickedAt
  const isAway = !isLive(server)
  const answers = !isAway && server.isUp
  // Nothing is said of the first moments, in which a server here can't have answered yet.
  if (
    !server.isAbroad &&
    answers !== (server.isSaidUp ?? !server.isDistant) &&
    now - state.inTouchSince > 2 * TICK_MS
  ) {
    server.isSaidUp = answers
    state.log(answers ? 'info' : 'warn', `${server.name} ${answers ? 'answers' : 'does not answer'}`)
  }
  if (server.rest && !restOf(server)) {
    server.rest = undefined
    state.log('info', `${server.name} has rested, and gets runs again`)
  }
  const ahead = aheadOf(server)
  if (
    ahead &&
    (isAway || (!server.isAbroad && (!server.isUp || server.isPaused || isLate(state, server, ahead))))
  ) {
    server.overdue = activeOf(server)?.job.id
    await giveBack(state, server, ahead.job.id)
  }
  if (!isAway || now - Math.max(state.inTouchSince, server.seenAt) < state.lostAfterMs) return
  for (const entry of server.runs.values()) await endLost(state, entry)
  if (server.isDistant) state.servers.delete(server.name)
}

/** Whether the run before one that was taken ahead takes longer than expected, and another server could take it. */
const isLate = ({ servers }: State, server: Server, { job }: Entry): boolean =>
  !isFree(server) &&
  performance.now() - server.usedAt > AHEAD_MS &&
  [...servers.values()].some((one) => one !== server && canTake(one) && meets(one, job.needs))

/** Settles the runs of servers that never came: a run that was not sent goes to another, and a sent one is lost. */
async function settleStrays(state: State): Promise<void> {
  const { queue, servers } = state
  for (const [id, since] of state.strays) {
    if (state.tickedAt - Math.max(since, state.inTouchSince) < state.lostAfterMs) continue
    const entry = await entryOf(queue, id)
    if (entry?.server === undefined || servers.has(entry.server)) continue
    if (entry.sentAt === undefined) await queue.giveBack(id, entry.server, undefined)
    else await endLost(state, entry)
  }
}

async function endLost(state: State, entry: Entry): Promise<void> {
  const minutes = Math.round(state.lostAfterMs / 6_000) / 10
  const why = `Its server could not be reached for ${minutes} minutes, ${UNKNOWN}`
  await endInVain(state, entry, 'failed', why)
}
