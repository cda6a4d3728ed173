import { type EngineContext, EngineError } from '../../engine.ts'
import { forEach, sleep, within } from '../../runtime.ts'
import { type ComfyClient, NoAnswer } from '../api/client.ts'
import { putFile } from '../api/files.ts'
import { readHistory } from '../api/queue.ts'
import { createProgress } from '../api/socket.ts'
import type { Ended, RunRecords, Submitted } from '../runRecord.ts'
import { endOf, endWithout } from '../runs/historyEnd.ts'
import { findRun } from '../runs/runState.ts'
import { postRun } from '../runs/sendRun.ts'
import { stopRun } from '../runs/stopRun.ts'
import { createComfyServer } from '../server.ts'
import type { GraphNode } from '../workflows/types.ts'
import { type Assignment, Crowded, LEASE_MS, NotWelcome, type Outcome, type Port, Refused } from './port.ts'

export interface WorkerOptions {
  readonly client: ComfyClient
  readonly port: Port
  /** The name of the server. */
  readonly name: string
  readonly lostAfterMs: number
  readonly log: EngineContext['log']
  /** Called if another worker has this one's name, or the gateway does not want it. Nothing is done after that. */
  readonly onRefused?: ((error: Error) => void) | undefined
}

/** A run of this worker. */
interface Held {
  readonly run: Submitted
  readonly aborter: AbortController
  /** Its inputs are on ComfyUI, and this is the graph with their names. */
  readonly graph: Promise<Record<string, GraphNode>>
  /** It was sent, or the gateway is being asked for its mark: then only the answer says whose run it is. */
  isSent: boolean
  /** What the gateway gave before it was sent. */
  mark?: number | undefined
  isStopping: boolean
  isOver: boolean
  /** Whether the GPU is done with it. */
  isDone: boolean
  /** Whether the socket was open as it was sent, and whether it said anything of the run. */
  isListened?: boolean
  isHeard?: boolean
  wake?: () => void
  readMessage?: ReturnType<typeof createProgress>
}

const LOOK_EVERY_MS = 1_000
/** What an earlier worker of this server sent at its end has reached ComfyUI by then. */
const COMING_MS = 5_000
const AGAIN_MS = 1_000
const IDLE_MS = 5_000
/** A run whose inputs are uploaded waits no longer for a server that stands still. */
const QUIET_MS = 2_000
const REPORT_EVERY_MS = 200

/**
 * Makes the runs of one ComfyUI: takes them from the gateway, sends one at a time, and brings back what came out. The next
 * run's inputs are uploaded while a run is at work.
 */
export function startWorker({ client, port, name, lostAfterMs, log, onRefused }: WorkerOptions): {
  close(): void
} {
  const closing = new AbortController()
  const held = new Map<string, Held>()
  const ends = new Map<string, Ended>()
  const server = createComfyServer({
    client,
    records: recordsIn(held, ends),
    lostAfterMs,
    comingMs: COMING_MS,
  })
  /** The run that the GPU works on. */
  let active: Held | undefined
  let unlisten: (() => void) | undefined
  /** The same after a restart, so that the messages of a run still come. */
  let socketId = `flowscale-${name}`
  /** Whether the socket has said anything. */
  let isOpen = false

  const startedAt = performance.now()
  let isKnown = false
  let isSaid = false
  let said = ''

  async function poll(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await answerNews()
        isKnown = true
        say(client.isAway() ? 'ComfyUI does not answer: trying again' : 'The gateway and ComfyUI answer')
      } catch (error) {
        if (closing.signal.aborted) return
        // An earlier worker with this name may have died a moment ago.
        const isTaken = error instanceof Refused && error.what === 'session'
        // The worker of a gateway waits until another gateway, with the same ComfyUI, is gone.
        const isFinal = onRefused && isTaken && (isKnown || performance.now() - startedAt > LEASE_MS)
        if (isTaken && !isSaid) log('info', `Another worker has the name "${name}": waiting until it is gone`)
        isSaid ||= isTaken
        if (isFinal || error instanceof NotWelcome) {
          close()
          return onRefused?.(error as Error)
        }
        if (error instanceof Crowded) say(error.message)
        else if (!isTaken) say('The gateway does not answer: trying again')
        await sleep(AGAIN_MS)
      }
    }
  }

  /** For a worker that is a process of its own; a gateway says it of its servers. */
  function say(state: string): void {
    if (state !== said) log('debug', state)
    said = state
  }

  async function answerNews(): Promise<void> {
    // A server that was away must say so itself when it is back, and nobody else asks one without a run. A worker that
    // says nothing for long loses its name.
    const isQuiet = client.quietForMs() > (held.size > 0 ? QUIET_MS : IDLE_MS)
    if (client.isAway() || isQuiet) await within(client.read('/prompt'), AGAIN_MS).catch(() => {})
    const isUp = !client.isAway()
    const all = [...held.values()]
    const state = {
      has: all.map(({ run }) => run.id),
      stopping: all.flatMap(({ run, isStopping }) => (isStopping ? [run.id] : [])),
      isUp,
    }
    const news = await port.poll(state, closing.signal)
    if (closing.signal.aborted) return
    for (const { id, path } of news.asks) void answer(id, path).catch(() => {})
    for (const one of held.values()) if (!one.isSent && !news.holds.includes(one.run.id)) drop(one)
    for (const assignment of news.runs) if (!held.has(assignment.run.id)) take(assignment)
    for (const id of news.stop) stop(id)
    start()
  }

  async function answer(id: string, path: string): Promise<void> {
    // Nothing else of ComfyUI is anybody's business.
    const isFact = /^\/(object_info\/[^/?#]+|system_stats)$/.test(path)
    await port.answer(id, isFact ? await client.send(path) : { status: 403, text: '' })
  }

  function take(assignment: Assignment): void {
    const { sentAt } = assignment
    // What was just sent may come in a moment: see `findRun`. By the clock of this worker: the gateway's may be another.
    const run = { ...assignment.run, ...(sentAt !== undefined && { createdAt: Date.now() }) }
    const aborter = new AbortController()
    const signal = AbortSignal.any([aborter.signal, closing.signal])
    const isSent = sentAt !== undefined
    const graph = isSent ? Promise.resolve({}) : prepare(assignment, signal)
    // Whoever starts the run handles it.
    graph.catch(() => {})
    const one: Held = {
      run,
      aborter,
      graph,
      isSent,
      isStopping: false,
      isOver: false,
      isDone: false,
    }
    held.set(run.id, one)
    if (!isSent) return
    // A run whose inputs are being uploaded stays active: else `start` would send it once more.
    if (!active || active.isSent) active = one
    void attend(one)
  }

  function drop(one: Held): void {
    one.isOver = true
    one.aborter.abort()
    if (held.get(one.run.id) === one) held.delete(one.run.id)
  }

  /** Uploads the inputs. ComfyUI may give them other names. */
  async function prepare({ run, graph, files }: Assignment, signal: AbortSignal) {
    const names = new Map<string, string>()
    for (const name of files) {
      const input = await untilHeard(() => port.openInput(run.id, name))
      names.set(name, await putFile(client, name, { body: input.body! }, signal))
    }
    const rename = (value: unknown): unknown => {
      if (typeof value === 'string') return names.get(value) ?? value
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) return value.map(rename)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rename(item)]))
    }
    return (names.size > 0 ? rename(graph) : graph) as Record<string, GraphNode>
  }

  /** Sends the run that is ahead, if the GPU is free. */
  function start(): void {
    const next = [...held.values()].find(({ isSent }) => !isSent)
    if (active || !next || closing.signal.aborted) return
    active = next
    void send(next).catch((error) => log('error', `Run ${next.run.id} could not be sent: ${error.message}`))
  }

  async function send(one: Held): Promise<void> {
    const { run } = one
    listen()
    try {
      const graph = await one.graph
      if (one.isOver) return leave(one)
      // Without a mark, another server can take it.
      await client.check()
      if (one.isOver) return leave(one)
      one.isSent = true
      // Nothing was sent: however long the gateway is away, it says then whose run it is.
      one.mark = await untilHeard(() => port.send(run.id), Number.POSITIVE_INFINITY)
      if (one.mark === undefined) return leave(one)
      one.isListened = isOpen
      // From here on, the run is never sent again.
      const json = { prompt: graph, prompt_id: run.id, client_id: socketId, extra_data: { flowscale: run } }
      await postRun(server, run, json)
      server.taken.set(run.id, server.taken.get(run.id) ?? [])
      return void attend(one)
    } catch (error) {
      if (closing.signal.aborted || error instanceof Refused || one.isOver) return leave(one)
      // The answer was lost, and the run may be there.
      if (error instanceof EngineError && error.runId !== undefined) return void attend(one)
      if (!(error instanceof NoAnswer))
        return await end(one, endWithout(run, 'failed', (error as Error).message))
      // It was surely not sent: another server may take it.
      await untilHeard(() => port.giveBack(run.id, one.mark)).catch(() => {})
    }
    leave(one)
    // Not at once again, while nothing accepts a connection.
    await sleep(AGAIN_MS)
    start()
  }

  /** The GPU is free of this run. */
  function leave(one: Held): void {
    drop(one)
    if (active === one) active = undefined
    start()
  }

  /** Waits for the end of a run that was sent. Messages of the socket come sooner. */
  async function attend(one: Held): Promise<void> {
    const { run } = one
    listen()
    if (one.isStopping) stop(run.id)
    while (!one.isOver && !closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS)
        one.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      await look(one)
    }
  }

  /** The GPU can have the next run, while the end of this one is read. */
  function free(one: Held): void {
    if (one.isDone) return
    one.isDone = true
    if (active === one) active = undefined
    start()
    if (!active) void port.report(one.run.id, { progress: 0.99 }, true).catch(() => {})
  }

  async function look(one: Held): Promise<void> {
    const { run } = one
    try {
      // Once ComfyUI has said that it is over, its history is enough.
      const history = one.isDone ? await readHistory(client, run.id) : undefined
      if (history && history !== 'unreadable') ends.set(run.id, endOf(run, history))
      else await findRun(server, run.id, 0)
    } catch (error) {
      if (!(error instanceof NoAnswer)) log('error', `Run ${run.id}: ${(error as Error).message}`)
    }
    const ended = ends.get(run.id)
    if (!ended || one.isOver) return
    if (ended.status === 'completed' && one.isListened && !one.isHeard) stopListening()
    await end(one, ended)
  }

  /** Brings back what came out, while the GPU works on the next run. */
  async function end(one: Held, ended: Ended): Promise<void> {
    const { id } = one.run
    one.isOver = true
    const { status, error, completedAt, files, fault } = ended
    // Else the next run would be sent before the gateway lets this server rest.
    if (!fault) free(one)
    try {
      await forEach(files, async ({ name, at }) => {
        if (!at) return
        await untilHeard(async () => {
          const response = await client.open(`/view?${new URLSearchParams({ ...at })}`, {
            signal: closing.signal,
          })
          if (response.status === 200 && response.body) return await port.putOutput(id, name, response.body)
          await response.body?.cancel()
          if (response.status !== 404) throw new NoAnswer(`status ${response.status} for a file`)
        })
      })
      const outcome: Outcome = { status, error, completedAt, files, fault }
      await untilHeard(() => port.end(id, outcome))
    } catch (error) {
      if (!(error instanceof Refused) && !closing.signal.aborted)
        log('error', `The result of run ${id} could not be brought back: ${(error as Error).message}`)
    }
    ends.delete(id)
    if (held.get(id) === one) held.delete(id)
    free(one)
  }

  /** Until the gateway has answered: it may be away for a while, and then goes on where it was. */
  async function untilHeard<T>(work: () => Promise<T>, mostMs = lostAfterMs): Promise<T> {
    for (const since = performance.now(); ; await sleep(AGAIN_MS)) {
      try {
        return await work()
      } catch (error) {
        if (error instanceof Refused || closing.signal.aborted || performance.now() - since > mostMs)
          throw error
      }
    }
  }

  function stop(id: string): void {
    const one = held.get(id)
    if (!one) return
    one.isStopping = true
    void stopRun(server, id)
      .then(() => one.wake?.())
      .catch(() => {})
  }

  /** One socket for all runs, which carry its id. */
  function listen(): void {
    if (unlisten || closing.signal.aborted) return
    let reportedAt = 0
    let reported: Held | undefined
    let isGreeted = false
    unlisten = client.listen(socketId, {
      onMessage(type, data) {
        isOpen = true
        const one = held.get(Object(data).prompt_id) ?? active
        if (!one?.isSent) return
        one.isHeard ||= Object(data).prompt_id === one.run.id
        // What happened before the greeting is not repeated.
        if (type === 'status' && !isGreeted) one.wake?.()
        isGreeted = true
        one.readMessage ??= createProgress(one.run, 0)
        const news = one.readMessage(type, data)
        if (news === 'ended') return void one.wake?.()
        // Some milliseconds before the run is in the history.
        if (type === 'execution_success' && Object(data).prompt_id === one.run.id) return free(one)
        if (!news || one.isDone) return
        server.progress.set(one.run.id, news)
        if (one === reported && performance.now() - reportedAt < REPORT_EVERY_MS) return
        reportedAt = performance.now()
        reported = one
        void port.report(one.run.id, news, false).catch(() => {})
      },
      onRefused: () => {},
      onClosed() {
        unlisten = undefined
        isOpen = false
        if (active?.isSent) setTimeout(listen, AGAIN_MS)
      },
    })
  }

  /**
   * The next run gets a socket with another id: ComfyUI sends nothing to one any more when an older one with its id is
   * closed, which it may notice hours later.
   */
  function stopListening(): void {
    unlisten?.()
    unlisten = undefined
    isOpen = false
    socketId = `flowscale-${name}-${crypto.randomUUID()}`
  }

  function close(): void {
    closing.abort()
    unlisten?.()
  }

  void poll()
  return { close }
}

/** The records of runs that are this worker's for the moment. */
function recordsIn(held: ReadonlyMap<string, Held>, ends: Map<string, Ended>): RunRecords {
  const runOf = (id: string): Submitted | undefined => held.get(id)?.run
  return {
    getRun: async (id) => runOf(id),
    cachedRun: runOf,
    getEnd: async (id) => ends.get(id),
    cachedEnd: (id) => ends.get(id),
    isCancelRequested: async (id) => held.get(id)?.isStopping ?? false,
    addRun: async () => {},
    requestCancel: async () => {},
    async addEnd(ended) {
      if (!ends.has(ended.run.id)) ends.set(ended.run.id, ended)
      return ends.get(ended.run.id)!
    },
    list: async () => [],
    prepare: async () => {},
  }
}
