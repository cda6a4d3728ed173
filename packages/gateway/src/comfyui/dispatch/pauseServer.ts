// Pauses servers. The queue keeps their names, so that a pause outlives restarts and holds for all gateways.
import { assignRuns } from './assignRuns.ts'
import { readServerRuns } from './claimServer.ts'
import { giveBack } from './endRuns.ts'
import { aheadOf, notePaused } from './servers.ts'
import type { State } from './state.ts'

/** Reads which servers are paused, after another gateway has changed that. */
export async function readPaused(state: State): Promise<void> {
  notePaused(state.servers, await state.queue.paused())
  await assignRuns(state)
}

/** Lets a server end its run and take no other, or take runs again. False: no server has this name. */
export async function setPaused(state: State, name: string, isPaused: boolean): Promise<boolean> {
  const { queue, servers } = state
  // A paused server that is away may be forgotten here.
  if (!servers.has(name) && !(await queue.paused()).includes(name)) return false
  await queue.setPaused(name, isPaused)
  state.log('info', `${name} ${isPaused ? 'is paused' : 'takes runs again'}`)
  await readPaused(state)
  if (!isPaused) return true
  // After a kill before this line, the next look at the servers does the same.
  await readServerRuns(state)
  const server = servers.get(name)
  const ahead = server && aheadOf(server)
  if (ahead) await giveBack(state, server, ahead.job.id)
  return true
}
