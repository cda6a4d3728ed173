// GPUs that run what a queue gives them, in virtual time: the real rules, on a store in memory, without a clock.

import type { FileStore } from '../../../../packages/gateway/src/files/fileStore.ts'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import { createChooser } from '../../../../packages/gateway/src/queue/turns.ts'
import { memoryStore } from './memoryStore.ts'
import { endOf, makeJob } from './suite.ts'

export interface Planned {
  readonly runMs: number
  /** When it is submitted. */
  readonly at?: number
  readonly workflow?: string
  readonly group?: string
  readonly owner?: string
  readonly priority?: number
  readonly needs?: string
}

export interface Made extends Planned {
  readonly id: string
  readonly at: number
  readonly startedAt: number
  readonly endedAt: number
}

export interface Simulated {
  /** In the order of their starts. */
  readonly runs: readonly Made[]
  readonly loads: number
}

export interface Play {
  /** What each GPU can run. */
  readonly gpus: readonly (readonly string[])[]
  readonly loadMs?: number
  readonly planned: readonly Planned[]
  /** Called before each event, once all is as it has to be. */
  readonly onStep?: (
    queue: RunQueue,
    state: { waiting: Set<string>; started: number; running: number; left: number },
  ) => Promise<void>
}

export const NO_FILES: FileStore = {
  place: async () => '',
  put: async () => {},
  open: async () => undefined,
  removeInputs: async () => {},
  sweep: async () => {},
}

export async function simulate({ gpus, loadMs = 0, planned, onStep }: Play): Promise<Simulated> {
  const queue = createQueue({ store: memoryStore(), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const chooser = createChooser()
  const servers = gpus.map((needs, at) => ({
    name: `s${at}`,
    needs,
    loaded: '',
    usedAt: 0,
    run: undefined as Made | undefined,
  }))
  const waiting = new Map<string, Planned & { at: number }>()
  const todo = planned.map((one) => ({ at: 0, ...one })).sort((a, b) => a.at - b.at)
  const runs: Made[] = []
  let [now, loads] = [0, 0]

  /** A server whose models are loaded is asked first, as by the dispatcher. */
  async function takeOne(): Promise<boolean> {
    const { turns, heads } = await queue.waiting()
    const asked = servers
      .filter(({ run }) => !run)
      .map((server) => ({ server, fitting: heads.filter(({ needs }) => server.needs.includes(needs)) }))
      .map((one) => ({
        ...one,
        isLoaded: one.fitting.some(({ workflowId }) => workflowId === one.server.loaded),
      }))
      .filter(({ fitting }) => fitting.length > 0)
      .sort((a, b) => Number(b.isLoaded) - Number(a.isLoaded) || a.server.usedAt - b.server.usedAt)[0]
    if (!asked) return false
    const { server, fitting } = asked
    const { loaded, name } = server
    const isElsewhere = (id: string) => servers.some((one) => one !== server && one.loaded === id)
    const head = chooser.choose(turns, fitting, { loaded, isElsewhere }, now)!
    await queue.take(head, fitting, name)
    const run = waiting.get(head.id)!
    const isLoad = loaded !== head.workflowId
    const made = { ...run, id: head.id, startedAt: now, endedAt: now + run.runMs + (isLoad ? loadMs : 0) }
    if (isLoad) loads++
    Object.assign(server, { loaded: head.workflowId, usedAt: now, run: made })
    waiting.delete(head.id)
    return Boolean(runs.push(made))
  }

  for (;;) {
    while (await takeOne());
    const running = servers.flatMap(({ run }) => run ?? [])
    const state = {
      waiting: new Set(waiting.keys()),
      started: runs.length,
      running: running.length,
      left: todo.length,
    }
    await onStep?.(queue, state)
    now = Math.min(todo[0]?.at ?? Infinity, ...running.map(({ endedAt }) => endedAt))
    if (now === Infinity) break
    for (const server of servers) {
      if (server.run?.endedAt !== now) continue
      await queue.end(endOf(makeJob({ id: server.run.id })), now - server.run.startedAt)
      server.run = undefined
    }
    while (todo[0]?.at === now) {
      const one = todo.shift()!
      const { workflow = 'w', group = null, needs = 'gpu', owner, priority } = one
      const job = makeJob({ workflowId: workflow, groupId: group, needs })
      waiting.set(job.id, one)
      await queue.add(job, {}, {}, { owner, priority })
    }
    await queue.settled()
  }
  await queue.close()
  return { runs, loads }
}

/** Which part of the GPU time went to such runs, while both they and others waited. */
export function shareOf({ runs }: Simulated, isOne: (run: Made) => boolean): number {
  const lastStart = (ones: readonly Made[]) => Math.max(...ones.map(({ startedAt }) => startedAt))
  const until = Math.min(lastStart(runs.filter(isOne)), lastStart(runs.filter((run) => !isOne(run))))
  const msOf = (ones: readonly Made[]) =>
    ones.reduce((sum, run) => sum + Math.max(0, Math.min(until, run.endedAt) - run.startedAt), 0)
  return msOf(runs.filter(isOne)) / msOf(runs)
}
