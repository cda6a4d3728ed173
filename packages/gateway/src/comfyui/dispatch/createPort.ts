// Answers the worker of a server: gives it news, marks and inputs, and takes its progress and results.
import { EngineError, outputName } from '../../engine.ts'
import { onAbort, within } from '../../runtime.ts'
import type { Outcome, WorkerState } from '../../workerPort.ts'
import { type Assignment, type News, type Port, Refused } from '../worker/news.ts'
import { changeGraph } from '../workflows/fillGraph.ts'
import { assignRuns } from './assignRuns.ts'
import { claimServer } from './claimServer.ts'
import { endCancelled, endInVain, endRun, giveBack, letRest } from './endRuns.ts'
import { tellRun } from './followRuns.ts'
import { type ComfyQueue, type Entry, entryOf, type Job, submittedOf } from './job.ts'
import { isAsked, takePicture } from './previews.ts'
import { canTake, letGo, meets, type Server, setDone } from './servers.ts'
import type { State } from './state.ts'

const POLL_MS = 10_000
/** For a worker that has a run, or whose ComfyUI is away: only its next request tells a change of that. */
const SHORT_POLL_MS = 1_000
/** A server rests after so many failures in a row. */
const FAILURES = 3

/** The port for the worker of one session. Each method claims the server, and checks what the worker asks for. */
export function createPort(state: State, server: Server, session: string): Port {
  const { queue, progress } = state
  const check = (): Promise<void> => claimServer(state, server, session)
  /** Gives the run if this server has it, and has sent it. */
  const own = async (id: string, needsSent = true): Promise<Entry> => {
    await check()
    const entry = await entryOf(queue, id)
    if (entry?.server !== server.name) throw new Refused('run')
    if (needsSent && entry.sentAt === undefined) throw new Refused('run')
    server.runs.set(id, entry)
    return entry
  }

  /**
   * Looks for news. If `isLast`, it answers also if there are none. It is not async, so that no change comes between this
   * look and a wait.
   */
  function newsFor(worker: WorkerState, isLast: boolean): Promise<News> | undefined {
    const entries = [...server.runs.values()]
    const unknown = entries.filter(({ job }) => !worker.has.includes(job.id))
    const stop = entries.filter(({ job, isCancelled }) => isCancelled && !worker.stopping.includes(job.id))
    const asks = [...server.asks].filter(([, ask]) => !ask.isTold)
    for (const [, ask] of asks) ask.isTold = true
    // Runs that the worker has sent and that are not its own any more: it is told so once.
    const strange = worker.has.filter((id) => !server.runs.has(id)).join()
    const isSame = strange === '' || strange === server.strange
    if (!isLast && isSame && unknown.length + stop.length + asks.length === 0) return undefined
    server.strange = strange
    const previews = entries.filter(({ job }) => isAsked(state, job.id))
    return Promise.all(unknown.map(assignmentOf)).then((runs) => ({
      runs,
      holds: entries.map(({ job }) => job.id),
      stop: stop.map(({ job }) => job.id),
      asks: asks.map(([id, { path }]) => ({ id, path })),
      ...(previews.length > 0 && { previews: previews.map(({ job }) => job.id) }),
    }))
  }

  /** Waits for news. */
  async function newsSoon(worker: WorkerState, signal: AbortSignal): Promise<News> {
    const deadline = performance.now() + (worker.isUp && worker.has.length === 0 ? POLL_MS : SHORT_POLL_MS)
    for (;;) {
      const leftMs = server.isNew ? 0 : deadline - performance.now()
      server.isNew = false
      const news = newsFor(worker, leftMs <= 0 || signal.aborted)
      if (news) return await news
      const change = new Promise<void>((resolve) => {
        server.wake = resolve
      })
      const forget = onAbort(signal, server.wake!)
      await within(change, leftMs)
      forget()
      if (!signal.aborted) await check()
    }
  }

  async function assignmentOf({ job, sentAt, after }: Entry): Promise<Assignment> {
    const { graph } = await queue.planOf(job)
    const run = await submittedOf(queue, job)
    return { run, graph: changeGraph(graph, job.changes), files: job.files, sentAt, after }
  }

  return {
    async poll(worker, signal) {
      await claimServer(state, server, session, true)
      if (worker.isUp) server.upAt = Date.now()
      if (server.isUp !== worker.isUp) {
        server.isUp = worker.isUp
        void assignRuns(state)
      }
      server.polls++
      try {
        return await newsSoon(worker, signal)
      } finally {
        server.polls--
        // A worker that has gone away frees its name at once.
        if (signal.aborted && server.session === session && server.polls === 0) letGo(server)
      }
    },
    async send(id) {
      await check()
      // A run that was sent before is over for the GPU, so its end was seen there.
      const others = [...server.runs].filter(([other, { sentAt }]) => other !== id && sentAt !== undefined)
      const mark = await queue.send(id, server.name, session, others.at(-1)?.[0] ?? server.completed)
      const entry = await entryOf(queue, id)
      if (mark === undefined || !entry) {
        server.runs.delete(id)
        await endCancelled(state, id)
        void assignRuns(state)
        return undefined
      }
      server.runs.set(id, entry)
      if (server.work.get(id)?.since === undefined) {
        server.work.set(id, { since: performance.now() })
        noteWorkflow(state, server, entry.job.workflowId)
      }
      for (const other of server.runs.keys()) if (other !== id) setDone(server, other)
      await tellRun(state, entry)
      // It can take a run ahead.
      void assignRuns(state)
      return mark
    },
    async giveBack(id, mark) {
      if ((await own(id, false)).sentAt !== mark) throw new Refused('run')
      // No run comes until its worker says that it answers again.
      server.isUp = false
      await giveBack(state, server, id)
    },
    async report(id, news, isDone) {
      const entry = await own(id)
      const before = progress.get(id)?.progress ?? 0
      progress.set(id, { ...news, progress: Math.max(before, Math.min(0.99, news.progress)) })
      queue.peers?.tell({ run: id, news: progress.get(id) }).catch(() => {})
      await tellRun(state, entry)
      if (!isDone) return
      setDone(server, id)
      void assignRuns(state)
    },
    async putPreview(id, data) {
      await takePicture(state, await own(id), data)
    },
    async openInput(id, name) {
      const entry = await own(id, false)
      if (!entry.job.files.includes(name)) throw new Refused('run')
      const file = await queue.files.open('in', id, name, new Headers())
      if (file) return { body: file.body!, size: Number(file.headers.get('content-length')) }
      // Without an end, the run would be given to servers for ever.
      if (entry.sentAt === undefined) await endInVain(state, entry, 'failed', 'An upload of the run is lost')
      throw new Refused('run')
    },
    async putOutput(id, name, body) {
      const { job } = await own(id)
      await checkOutput(queue, job, name)
      await queue.files.put('out', id, name, body)
    },
    async end(id, outcome) {
      // If the end can't be written at once, the time until it is counts for no GPU.
      if (server.session === session && server.work.has(id)) setDone(server, id)
      const entry = await own(id, false)
      for (const { name } of outcome.files) await checkOutput(queue, entry.job, name)
      const { fault: _, ...seen } = outcome
      const why = whyToRest(state, server, entry.job, outcome)
      if (why !== undefined) await letRest(state, server, why)
      // It began when it was sent, as callers were told while it ran.
      const times = { startedAt: entry.sentAt ?? null, completedAt: seen.completedAt ?? Date.now() }
      await endRun(state, entry, { ...seen, ...times, run: await submittedOf(queue, entry.job) })
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

/** Notes which models the server has loaded. The models that it had before the first run are not known. */
function noteWorkflow({ observer }: State, server: Server, workflowId: string): void {
  if (server.sentWorkflow !== undefined && server.sentWorkflow !== workflowId)
    observer?.modelLoaded(workflowId)
  server.sentWorkflow = workflowId
}

/** Notes how a run of a server ended, and counts failures. Gives a reason if it should rest, which one that is alone for such runs never does. */
function whyToRest(
  { servers, failedOn }: State,
  server: Server,
  { id, workflowId, needs }: Job,
  { status, fault }: Outcome,
): string | undefined {
  if (status === 'completed') {
    server.completed = id
    server.failures = 0
    failedOn.delete(workflowId)
  }
  if (status !== 'failed') return undefined
  const names = failedOn.get(workflowId) ?? new Set()
  failedOn.set(workflowId, names.add(server.name))
  // A workflow that fails on other servers, too, says nothing about this one.
  if (names.size > 1) return undefined
  // After a rest, one more failure is enough.
  server.failures++
  const isAlone = [...servers.values()].every((one) => one === server || !canTake(one) || !meets(one, needs))
  return server.failures < FAILURES || isAlone ? undefined : (fault ?? `${FAILURES} in a row`)
}

/** Refuses a name that no output of the run has, or whose number is too long for a disk. */
async function checkOutput(queue: ComfyQueue, job: Job, name: string): Promise<void> {
  const { outputs } = await queue.planOf(job)
  const starts = outputs.map((output) => outputName(output.name, job.id))
  const ends = starts.flatMap((start) => (name.startsWith(start) ? name.slice(start.length) : []))
  const count = ends.map((end) => /^(?:_(\d+))?\.[a-z0-9]{1,8}$/.exec(end)).find(Boolean)
  if (!count) throw new Refused('run')
  if ((count[1] ?? '').length > 9) throw new EngineError(422, 'The name of an output has too many digits')
}
