import { EngineError, outputName } from '../../engine.ts'
import { isEntry } from '../../queue/runQueue.ts'
import { onAbort, within } from '../../runtime.ts'
import type { Ended, Progress, Submitted } from '../runRecord.ts'
import { endWithout } from '../runs/historyEnd.ts'
import { changeGraph } from '../workflows/fillGraph.ts'
import { type Assignment, type News, type Outcome, type Port, Refused, type WorkerState } from './port.ts'
import { letGo, type Server, setDone } from './servers.ts'
import type { ComfyQueue, Entry, Job } from './types.ts'

/** What a port needs of the dispatcher. */
export interface Hub {
  readonly queue: ComfyQueue
  readonly progress: Map<string, Progress>
  /** Lets the worker with this session speak for the server, `polls`: by this gateway. @throws Refused while another worker does. */
  claim(server: Server, session: string, polls?: boolean): Promise<void>
  dispatch(): Promise<void>
  emit(entry: Entry): Promise<void>
  finish(entry: Entry, ended: Ended): Promise<Ended>
  finishCancelled(id: string): Promise<boolean>
  putBack(server: Server, id: string): Promise<void>
  rest(server: Server, why: string): Promise<void>
  submittedOf(job: Job): Promise<Submitted>
}

const POLL_MS = 10_000
/** For a worker whose ComfyUI is away, or may be soon: it has a run. Only the next request says so. */
const SHORT_POLL_MS = 1_000
/** One failure may be the workflow's. */
const FAULTS = 2

/** What the worker of one session can do for its server. Whatever it asks for is checked. */
export function createPort(server: Server, session: string, hub: Hub): Port {
  const { queue, progress, dispatch, emit, finish, finishCancelled, putBack, submittedOf } = hub
  const check = (): Promise<void> => hub.claim(server, session)
  /** The run, if it is this server's, and was sent. */
  const own = async (id: string, needsSent = true): Promise<Entry> => {
    await check()
    const found = await queue.get(id)
    if (!found || !isEntry(found) || found.server !== server.name) throw new Refused('run')
    if (needsSent && found.sentAt === undefined) throw new Refused('run')
    server.held.set(id, found)
    return found
  }

  /** At once, so that no change comes between this look and a wait. */
  function newsFor(state: WorkerState): Promise<News> | undefined {
    const entries = [...server.held.values()]
    const unknown = entries.filter(({ job }) => !state.has.includes(job.id))
    const stop = entries.filter(({ job, isCancelled }) => isCancelled && !state.stopping.includes(job.id))
    const asks = [...server.asks].filter(([, ask]) => !ask.isTold)
    for (const [, ask] of asks) ask.isTold = true
    // A run that it has sent and may not have any more: said once.
    const strange = state.has.filter((id) => !server.held.has(id)).join()
    const isSame = strange === '' || strange === server.strange
    if (isSame && unknown.length + stop.length + asks.length === 0) return undefined
    server.strange = strange
    return Promise.all(unknown.map(assignmentOf)).then((runs) => ({
      runs,
      holds: entries.map(({ job }) => job.id),
      stop: stop.map(({ job }) => job.id),
      asks: asks.map(([id, { path }]) => ({ id, path })),
    }))
  }

  /** Waits for news. */
  async function newsSoon(state: WorkerState, signal: AbortSignal): Promise<News> {
    const deadline = performance.now() + (state.isUp && state.has.length === 0 ? POLL_MS : SHORT_POLL_MS)
    for (;;) {
      const news = newsFor(state)
      if (news) return await news
      const leftMs = server.isNew ? 0 : deadline - performance.now()
      server.isNew = false
      if (leftMs <= 0 || signal.aborted) break
      const change = new Promise<void>((resolve) => {
        server.wake = resolve
      })
      const forget = onAbort(signal, server.wake!)
      await within(change, leftMs)
      forget()
      if (!signal.aborted) await check()
    }
    return { runs: [], holds: [...server.held.keys()], stop: [], asks: [] }
  }

  async function assignmentOf({ job, sentAt }: Entry): Promise<Assignment> {
    const { graph } = await queue.planOf(job)
    const run = await submittedOf(job)
    return { run, graph: changeGraph(graph, job.changes), files: job.files, sentAt }
  }

  return {
    async poll(state, signal) {
      await hub.claim(server, session, true)
      if (server.isUp !== state.isUp) {
        server.isUp = state.isUp
        void dispatch()
      }
      server.polls++
      try {
        return await newsSoon(state, signal)
      } finally {
        server.polls--
        // A worker that has gone away frees its name at once.
        if (signal.aborted && server.session === session && server.polls === 0) letGo(server)
      }
    },
    async send(id) {
      await check()
      const mark = await queue.send(id, server.name, session)
      const entry = await queue.get(id)
      if (mark === undefined || !entry || !isEntry(entry)) {
        server.held.delete(id)
        await finishCancelled(id)
        void dispatch()
        return undefined
      }
      server.held.set(id, entry)
      if (!server.work.has(id)) server.work.set(id, { since: performance.now() })
      for (const other of server.held.keys()) if (other !== id) setDone(server, other)
      await emit(entry)
      // The next one can come.
      void dispatch()
      return mark
    },
    async giveBack(id, mark) {
      if ((await own(id, false)).sentAt !== mark) throw new Refused('run')
      // Until it says that it answers again.
      server.isUp = false
      await putBack(server, id)
    },
    async report(id, news, isDone) {
      const entry = await own(id)
      const before = progress.get(id)?.progress ?? 0
      progress.set(id, { ...news, progress: Math.max(before, Math.min(0.99, news.progress)) })
      queue.peers?.tell({ run: id, news: progress.get(id) }).catch(() => {})
      await emit(entry)
      if (!isDone) return
      setDone(server, id)
      void dispatch()
    },
    async openInput(id, name) {
      const entry = await own(id, false)
      if (!entry.job.files.includes(name)) throw new Refused('run')
      const file = await queue.files.open('in', id, name, new Headers())
      if (file) return file
      // It would be given to servers for ever.
      if (entry.sentAt === undefined)
        await finish(
          entry,
          endWithout(await submittedOf(entry.job), 'failed', 'An upload of the run is lost'),
        )
      throw new Refused('run')
    },
    async putOutput(id, name, body) {
      const { job } = await own(id)
      await checkOutput(queue, job, name)
      await queue.files.put('out', id, name, body)
    },
    async end(id, outcome) {
      const entry = await own(id, false)
      for (const { name } of outcome.files) await checkOutput(queue, entry.job, name)
      const { fault, ...seen } = outcome
      if (seen.status !== 'cancelled') server.faults = fault ? server.faults + 1 : 0
      if (fault && server.faults >= FAULTS) await hub.rest(server, fault)
      await finish(entry, endedOf(await submittedOf(entry.job), entry, seen))
    },
    async answer(id, answer) {
      await check()
      const asked = server.asks.get(id)
      if (asked) asked.settle(answer)
      // Another gateway has asked.
      else await queue.peers?.tell({ answer: id, server: server.name, ...answer })
    },
  }
}

/** Refuses a name that no output of the run has. ComfyUI counts in few digits, and no disk takes very many. */
async function checkOutput(queue: ComfyQueue, job: Job, name: string): Promise<void> {
  const { outputs } = await queue.planOf(job)
  const starts = outputs.map((output) => outputName(output.name, job.id))
  const ends = starts.flatMap((start) => (name.startsWith(start) ? name.slice(start.length) : []))
  const count = ends.map((end) => /^(?:_(\d+))?\.[a-z0-9]{1,8}$/.exec(end)).find(Boolean)
  if (!count) throw new Refused('run')
  if ((count[1] ?? '').length > 9) throw new EngineError(422, 'The name of an output has too many digits')
}

/** It began when it was sent, as was told while it ran. */
const endedOf = (run: Submitted, { sentAt }: Entry, outcome: Outcome): Ended => ({
  ...outcome,
  run,
  startedAt: sentAt ?? null,
  completedAt: outcome.completedAt ?? Date.now(),
})
