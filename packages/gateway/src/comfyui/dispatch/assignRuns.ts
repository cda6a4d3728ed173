// Decides which server gets which run: a server that is free, or soon will be, gets the next run that it can make.
import type { Waiting } from '../../queue/lists.ts'
import { tellPlaces } from './followRuns.ts'
import { type Entry, lackOf } from './job.ts'
import { aheadOf, canTake, endsSoon, isFree, meets, notePaused, type Server } from './servers.ts'
import type { State } from './state.ts'

/** A server's models and classes may have changed after this time. */
const FRESH_MS = 2_000

/** Gives runs to servers. Concurrent calls share one pass, and a second pass sees the changes between. */
export async function assignRuns(state: State): Promise<void> {
  state.isAssignWanted = true
  if (state.isAssigning) return
  state.isAssigning = true
  try {
    while (state.isAssignWanted) {
      state.isAssignWanted = false
      await assignAll(state)
    }
  } catch (error) {
    state.complain('Giving runs to servers', error)
  } finally {
    state.isAssigning = false
  }
}

async function assignAll(state: State): Promise<void> {
  const { servers, queue } = state
  while (!state.isDraining) {
    const open = [...servers.values()].filter((one) => !one.isAbroad && canTake(one) && !aheadOf(one))
    const free = open.filter(isFree)
    const busy = open.filter(endsSoon)
    if (free.length + busy.length === 0) break
    const waiting = await queue.waiting()
    if (notePaused(servers, waiting.paused)) continue
    const ahead = [...servers.values()].flatMap((server) => aheadOf(server)?.job.needs ?? [])
    const needs = new Set([...waiting.heads.map((head) => head.needs), ...ahead])
    for (const server of [...free, ...busy]) await learnLacks(state, server, needs)
    const isOne =
      (await takeNext(state, free, waiting)) ||
      (await takeOver(state, free)) ||
      (await takeNext(state, busy, waiting))
    if (!isOne) break
  }
}

/** Lets one of these servers take a run, if possible one whose models are loaded. False: none took any. */
async function takeNext(state: State, candidates: readonly Server[], waiting: Waiting): Promise<boolean> {
  const { servers, queue, chooser } = state
  const { turns, heads } = waiting
  const hasLoaded = (server: Server): boolean =>
    heads.some(({ needs, workflowId }) => workflowId === server.lastWorkflow && meets(server, needs))
  const inOrder = [...candidates].sort(
    (a, b) => Number(hasLoaded(b)) - Number(hasLoaded(a)) || a.usedAt - b.usedAt,
  )
  for (const server of inOrder) {
    const fitting = heads.filter(({ needs }) => meets(server, needs))
    const isElsewhere = (workflowId: string): boolean =>
      [...servers.values()].some((one) => one !== server && one.lastWorkflow === workflowId && canTake(one))
    const loaded = server.lastWorkflow
    const head = chooser.choose(turns, fitting, { loaded, isElsewhere }, performance.now())
    if (!head) continue
    const entry = await queue.take(head, fitting, server.name)
    if (entry) give(state, server, entry)
    // If another gateway was faster, the next run is chosen anew.
    return true
  }
  return false
}

/** Lets a free server take over a run that waits for its turn on a busy one. */
async function takeOver(state: State, free: readonly Server[]): Promise<boolean> {
  for (const to of free) {
    for (const from of state.servers.values()) {
      const entry = aheadOf(from)
      if (from === to || !entry || isFree(from) || !meets(to, entry.job.needs)) continue
      if (!(await state.queue.move(entry.job.id, from.name, to.name))) continue
      from.runs.delete(entry.job.id)
      from.wake?.()
      give(state, to, entry)
      return true
    }
  }
  return false
}

function give(state: State, server: Server, entry: Entry): void {
  state.steps++
  server.runs.set(entry.job.id, entry)
  server.lastWorkflow = entry.job.workflowId
  server.usedAt = performance.now()
  server.wake?.()
  tellPlaces(state)
}

/** Asks a server which of these needs it meets. Once it has answered, runs are assigned again. */
export async function learnLacks(state: State, server: Server, ids: Iterable<string>): Promise<void> {
  const readClass = server.newReader()
  // Another worker, of another ComfyUI, may get the name meanwhile: these answers are not about that one.
  const { lacks } = server
  for (const id of ids) {
    const known = lacks.get(id)
    if (known && performance.now() - known.at < FRESH_MS) continue
    const needs = await state.queue.needsOf(id)
    lacks.set(id, { at: performance.now(), lack: known?.lack })
    lackOf(needs, readClass).then(
      (found) => {
        const lack = found ?? null
        lacks.set(id, { at: performance.now(), lack })
        if (lack !== known?.lack) void assignRuns(state)
      },
      () => lacks.set(id, { at: Number.NEGATIVE_INFINITY, lack: known?.lack }),
    )
  }
}
