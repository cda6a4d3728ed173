// The engine for a queue of the gateway. Each ComfyUI has a worker, here or elsewhere, that asks for its runs.
import {
  type Container,
  type Engine,
  type EngineContext,
  EngineError,
  type QueueEntry,
} from '../../engine.ts'
import { ofQueue, type Queue } from '../../queue/runQueue.ts'
import { isEntry } from '../../queue/runs.ts'
import { createClasses } from '../api/classes.ts'
import {
  type Answer,
  type ComfyClient,
  createComfyClient,
  NoAnswer,
  parseJson,
  type Sending,
} from '../api/client.ts'
import { readOutput, readText } from '../api/files.ts'
import { createCatalog } from '../catalog.ts'
import { cancelRun } from '../dispatch/cancelRun.ts'
import { claimServer } from '../dispatch/claimServer.ts'
import { createPort } from '../dispatch/createPort.ts'
import { followRun, runOf } from '../dispatch/followRuns.ts'
import type { ComfyQueue, Entry } from '../dispatch/job.ts'
import { setPaused } from '../dispatch/pauseServer.ts'
import { askFor, readPreview } from '../dispatch/previews.ts'
import { ask, createServer, isLive, notePaused, restOf, type Server } from '../dispatch/servers.ts'
import { createState, type State, type StateOptions } from '../dispatch/state.ts'
import { closeDispatch, openDispatch } from '../dispatch/watchServers.ts'
import { findOutput } from '../outputNames.ts'
import { report } from '../report.ts'
import { type Ended, isRunId } from '../runRecord.ts'
import { watchFiles } from '../watchFiles.ts'
import { Crowded, HAS_KEY, type Port, Refused } from '../worker/news.ts'
import { startWorker } from '../worker/startWorker.ts'
import { createFiles } from '../workflows/createFiles.ts'
import { findWorkflow, listWorkflows } from './allWorkflows.ts'
import { createDraft } from './createDraft.ts'

interface QueuedOptions extends Pick<StateOptions, 'lostAfterMs' | 'maxQueueMs'> {
  readonly urls: readonly string[]
  readonly sending: Sending
  readonly maxWorkers: number
}

/** After this time, a queue that could not be opened is tried again. */
const AGAIN_MS = 1_000
/** So many of the runs that wait are shown. */
const SHOWN = 200

export function openQueued(options: QueuedOptions, context: EngineContext): Engine {
  const { urls, sending, lostAfterMs, maxQueueMs, maxWorkers } = options
  const { log, inputHosts, observer } = context
  const queue = ofQueue(context.queue as Queue) as unknown as ComfyQueue
  const files = createFiles(context)
  const state = createState({ queue, lostAfterMs, maxQueueMs, log, observer })
  const servers = (): Server[] => [...state.servers.values()]
  const workers: { close(): void }[] = []
  const clients: ComfyClient[] = []
  const unwatch = watchFiles(context, files, () =>
    Promise.all(servers().map(({ catalog }) => catalog.read())),
  )
  let isClosed = false
  let again: ReturnType<typeof setTimeout> | undefined

  const unnamed = [...urls]
  let opened = open()

  function open(): Promise<void> {
    const opening = openNow()
    // Whoever uses the engine gets the error.
    opening.catch((error) => {
      // Such as a Redis that starts later.
      if (!(error instanceof EngineError) || error.status !== 503) return
      again = setTimeout(() => {
        if (!isClosed) opened = open()
      }, AGAIN_MS)
    })
    return opening
  }

  async function openNow(): Promise<void> {
    await openDispatch(state, addServer)
    for (let url = unnamed[0]; url !== undefined; url = unnamed[0]) {
      const client = createComfyClient(url, sending)
      // By the address without its login: the queue keeps no login, and a new one changes no name.
      const name = await queue.nameOf(client.url)
      if (isClosed) return
      unnamed.shift()
      clients.push(client)
      const port = createPort(state, addServer(name, client), crypto.randomUUID())
      workers.push(startWorker({ client, port, name, lostAfterMs, log }))
    }
  }

  /** Adds a server. Without a client, its worker dials in, and asks its ComfyUI. */
  function addServer(name: string, client?: ComfyClient): Server {
    const send = client?.send ?? ((path: string): Promise<Answer> => ask(server, path, queue.peers))
    const hasKey = async (): Promise<boolean> => (await send(HAS_KEY)).status === 200
    const newReader = createClasses(
      client ?? { isAway: () => !isLive(server), read: readBy(send), send, hasKey },
    )
    const server: Server = createServer({
      name,
      url: client?.url ?? 'its ComfyUI',
      isDistant: !client,
      send,
      newReader,
      catalog: createCatalog(newReader, files, log),
    })
    state.servers.set(name, server)
    return server
  }

  /** Makes a method that waits until the queue is open. */
  const ready =
    <Args extends unknown[], T>(act: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      await opened
      return await act(...args)
    }

  const get = async (id: string): Promise<Entry | Ended | undefined> =>
    isRunId(id) ? await queue.get(id) : undefined

  const getRun: Engine['getRun'] = ready(async (id) => {
    const found = await get(id)
    if (found && isEntry(found)) askFor(state, found)
    return found && (await runOf(state, found))
  })

  return {
    dialIn: ready(async (name: string, session: string): Promise<Port> => {
      const known = state.servers.get(name)
      // Each name costs memory until it is forgotten.
      if (!known && servers().filter(({ isDistant }) => isDistant).length >= maxWorkers) throw new Crowded()
      const server = known ?? addServer(name)
      if (!server.isDistant) throw new Refused('session')
      await claimServer(state, server, session)
      return createPort(state, server, session)
    }),
    secret: ready(() => queue.secret()),
    workflows: ready(() => listWorkflows(servers())),
    draft: ready(async (workflowId, signal, caller = {}) => {
      // Before a file is read. The step that adds the run checks again.
      await queue.checkLimit(caller)
      const { found, areAll } = await findWorkflow(servers(), workflowId)
      return found.length === 0
        ? undefined
        : createDraft(state, { found, areAll, inputHosts, signal, caller })
    }),
    findKey: ready(async (key, owner) => {
      const known = await queue.findKey(key, owner)
      const run = known && (await getRun(known.id))
      return run && { ...known, run }
    }),
    getRun,
    readPreview: ready(async (id) => (isRunId(id) ? await readPreview(state, id) : undefined)),
    getRuns: ready(async (query) => {
      const { runs, total } = await queue.list(query)
      return { runs: await Promise.all(runs.map((found) => runOf(state, found))), total }
    }),
    cancelRun: ready(async (id) => (isRunId(id) ? await cancelRun(state, id) : undefined)),
    containers: ready(async () => {
      const [entries, line, paused] = await Promise.all([queue.held(), queue.line(SHOWN), queue.paused()])
      notePaused(state.servers, paused)
      const { first: pending, count: waiting } = line
      return [
        ...servers().map((server) => containerOf(server, entries)),
        { name: 'queue', url: 'queue', status: 'idle', isQueue: true, running: [], pending, waiting },
      ]
    }),
    oldestAt: ready(queue.oldestAt),
    probe: ready(queue.probe),
    findOutput: (filename) => findOutput(filename, getRun),
    readOutput: ready(async (id, filename, headers, signal) => {
      const ended = await get(id)
      if (!ended || isEntry(ended)) return undefined
      const file = ended.files.find(({ name }) => name === filename)
      if (!file) return undefined
      if (!file.at) return readText(file)
      if (!ended.isOnServer) return await queue.files.open('out', id, filename, headers)
      return clients[0] && (await readOutput(clients[0], file, headers, signal))
    }),
    usage: ready((query) => queue.usage(query)),
    setPaused: ready((name: string, isPaused: boolean) => setPaused(state, name, isPaused)),
    drain() {
      state.isDraining = true
    },
    report: ready(async () => report(servers(), await files())),
    watch: state.listeners.add,
    follow: (id) => followRun(state, id),
    async close() {
      isClosed = true
      unwatch()
      for (const worker of workers) worker.close()
      await opened.catch(() => {})
      clearTimeout(again)
      await sayLeft(state).catch(() => {})
      await closeDispatch(state)
      await queue.close()
    },
  }
}

/** Says how many runs go on and how many wait. */
async function sayLeft({ queue, log }: State): Promise<void> {
  const [held, { count }] = await Promise.all([queue.held(), queue.line(0)])
  const sent = held.filter(({ sentAt }) => sentAt !== undefined)
  const places = new Set(sent.map(({ server }) => server)).size
  const waiting = count + held.length - sent.length
  const number = (count: number, one: string, several: string): string =>
    `${count} ${count === 1 ? one : several}`
  const parts: string[] = []
  if (places > 0)
    parts.push(`${number(sent.length, 'run goes', 'runs go')} on at ${number(places, 'server', 'servers')}`)
  if (waiting > 0)
    parts.push(places > 0 ? number(waiting, 'waits', 'wait') : number(waiting, 'run waits', 'runs wait'))
  if (parts.length > 0) log('info', parts.join('; '))
}

function containerOf(server: Server, entries: readonly Entry[]): Container {
  const { name } = server
  const own = entries.filter((entry) => entry.server === name)
  const some = (isSent: boolean): QueueEntry[] =>
    own
      .filter(({ sentAt }) => (sentAt !== undefined) === isSent)
      .map(({ number, job }) => [number, job.id, job.owner])
  const running = some(true)
  const reason = restOf(server)
  const isOpen = isLive(server) && server.isUp && (!reason || running.length > 0)
  const status = !isOpen ? 'stopped' : running.length > 0 ? 'running' : 'idle'
  return { name, url: name, status, running, pending: some(false), reason }
}

/** Reads facts of a ComfyUI by its worker. */
const readBy =
  (send: (path: string) => Promise<Answer>): ComfyClient['read'] =>
  async (path) => {
    const { status, text } = await send(path)
    const value = status === 200 ? parseJson(text) : undefined
    if (value === undefined) throw new NoAnswer(`status ${status}`)
    return value
  }
