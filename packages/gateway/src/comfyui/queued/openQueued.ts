import { type Engine, type EngineContext, EngineError } from '../../engine.ts'
import { isEntry, ofQueue, type Queue } from '../../queue/runQueue.ts'
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
import { findOutput } from '../outputNames.ts'
import { type ReportedServer, report } from '../report.ts'
import { isRunId } from '../runRecord.ts'
import { watchFiles } from '../watchFiles.ts'
import { createFiles } from '../workflows/createFiles.ts'
import { createDraft } from './createDraft.ts'
import { createDispatcher } from './dispatcher.ts'
import { findWorkflow, listWorkflows, type Member } from './members.ts'
import { Crowded, type Port, Refused } from './port.ts'
import { ask, isLive, restOf, type Server } from './servers.ts'
import { serveWorker } from './serveWorker.ts'
import type { ComfyQueue } from './types.ts'
import { startWorker } from './worker.ts'

interface QueuedOptions {
  readonly urls: readonly string[]
  readonly sending: Sending
  readonly lostAfterMs: number
  readonly maxQueueMs: number
  readonly maxWorkers: number
}

/** The time until a queue that could not be opened is tried again. */
const AGAIN_MS = 1_000
/** So many of the runs that wait are shown. */
const SHOWN = 200

interface QueuedMember extends Member, ReportedServer {}

/** The engine whose queue is the gateway's own: each ComfyUI takes runs from it, by a worker here or by one that dials in. */
export function openQueued(options: QueuedOptions, context: EngineContext): Engine {
  const { urls, sending, lostAfterMs, maxQueueMs, maxWorkers } = options
  const { log, inputHosts } = context
  const queue = ofQueue(context.queue as Queue) as unknown as ComfyQueue
  const files = createFiles(context)
  const dispatcher = createDispatcher({ queue, lostAfterMs, maxQueueMs, log })
  let all: QueuedMember[] = []
  /** Without those that dialled in, and are long gone. */
  const members = (): QueuedMember[] =>
    all.filter(({ name, server }) => dispatcher.servers.get(name) === server)
  const workers: { close(): void }[] = []
  const clients: ComfyClient[] = []
  const unwatch = watchFiles(context, files, () =>
    Promise.all(members().map(({ catalog }) => catalog.read())),
  )
  let isClosed = false

  const unnamed = [...urls]
  let opened = open()

  function open(): Promise<void> {
    const opening = openNow()
    // Whoever uses the engine gets the error.
    opening.catch((error) => {
      // Such as a Redis that starts later.
      if (error instanceof EngineError && error.status === 503) setTimeout(reopen, AGAIN_MS)
    })
    return opening
  }

  function reopen(): void {
    if (!isClosed) opened = open()
  }

  async function openNow(): Promise<void> {
    await dispatcher.open(addDistant)
    for (let url = unnamed[0]; url !== undefined; url = unnamed[0]) {
      const client = createComfyClient(url, sending)
      // A login stays out of the queue, and another one changes no name.
      const name = await queue.nameOf(client.url)
      if (isClosed) return
      unnamed.shift()
      clients.push(client)
      const server = addMember(name, client.url, false, client.send, () => client)
      const port = dispatcher.portOf(server, crypto.randomUUID())
      workers.push(startWorker({ client, port, name, lostAfterMs, log }))
    }
  }

  function addMember(
    name: string,
    url: string,
    isDistant: boolean,
    send: (path: string) => Promise<Answer>,
    toClient: (server: Server) => Pick<ComfyClient, 'read' | 'isAway'>,
  ): Server {
    const server = dispatcher.addServer(name, isDistant, (one) => createClasses(toClient(one)))
    all = [...members(), { name, url, send, server, catalog: createCatalog(server.newReader, files, log) }]
    return server
  }

  /** A server that dials in. Its ComfyUI is asked by its worker. */
  function addDistant(name: string): Server {
    const send = async (path: string): Promise<Answer> =>
      await ask(dispatcher.servers.get(name)!, path, queue.peers)
    return addMember(name, 'its ComfyUI', true, send, (server) => ({
      isAway: () => !isLive(server),
      async read(path) {
        const { status, text } = await ask(server, path, queue.peers)
        const value = status === 200 ? parseJson(text) : undefined
        if (value === undefined) throw new NoAnswer(`status ${status}`)
        return value
      },
    }))
  }

  async function connect(name: string, session: string): Promise<Port> {
    await opened
    const known = dispatcher.servers.get(name)
    // Each name costs memory until it is forgotten.
    if (!known && members().filter(({ server }) => server.isDistant).length >= maxWorkers) throw new Crowded()
    const server = known ?? addDistant(name)
    if (!server.isDistant) throw new Refused('session')
    await dispatcher.claim(server, session)
    return dispatcher.portOf(server, session)
  }

  const getRun: Engine['getRun'] = async (id) => {
    await opened
    const found = isRunId(id) ? await queue.get(id) : undefined
    return found && (await dispatcher.toRun(found))
  }

  return {
    dialIn: (path, request) => serveWorker(connect, path, request),
    async workflows() {
      await opened
      return await listWorkflows(members())
    },
    async draft(workflowId, signal) {
      await opened
      const { found, areAll } = await findWorkflow(members(), workflowId)
      if (found.length === 0) return undefined
      return createDraft({ found, areAll, queue, inputHosts, signal, added: dispatcher.added })
    },
    async findKey(key) {
      await opened
      const known = await queue.findKey(key)
      const run = known && (await getRun(known.id))
      return run && { ...known, run }
    },
    getRun,
    async getRuns(query) {
      await opened
      const { runs, total } = await queue.list(query)
      return { runs: await Promise.all(runs.map(dispatcher.toRun)), total }
    },
    async cancelRun(id) {
      await opened
      return isRunId(id) ? await dispatcher.cancel(id) : undefined
    },
    async containers() {
      await opened
      const [entries, line] = await Promise.all([queue.held(), queue.line(SHOWN)])
      const servers = members().map(({ name, server }) => {
        const own = entries.filter((entry) => entry.server === name)
        const some = (isSent: boolean) =>
          own
            .filter(({ sentAt }) => (sentAt !== undefined) === isSent)
            .map(({ number, job }) => [number, job.id] as const)
        const running = some(true)
        const works = running.length > 0 ? 'running' : 'idle'
        const reason = restOf(server)
        const isOpen = isLive(server) && server.isUp && (!reason || running.length > 0)
        const status = isOpen ? works : 'stopped'
        return { name, url: name, status, running, pending: some(false), reason } as const
      })
      const { first: pending, count: waiting } = line
      return [
        ...servers,
        { name: 'queue', url: 'queue', status: 'idle', isQueue: true, running: [], pending, waiting },
      ]
    },
    findOutput: (filename) => findOutput(filename, getRun),
    async readOutput(id, filename, headers, signal) {
      await opened
      const ended = isRunId(id) ? await queue.get(id) : undefined
      if (!ended || isEntry(ended)) return undefined
      const file = ended.files.find(({ name }) => name === filename)
      if (!file) return undefined
      if (!file.at) return readText(file)
      if (!ended.isOnServer) return await queue.files.open('out', id, filename, headers)
      return clients[0] && (await readOutput(clients[0], file, headers, signal))
    },
    async report() {
      await opened
      return await report(
        members(),
        (await files()).map(({ name }) => name),
      )
    },
    watch: dispatcher.watch,
    follow: dispatcher.follow,
    close() {
      isClosed = true
      unwatch()
      for (const worker of workers) worker.close()
      void opened
        .catch(() => {})
        .then(() => dispatcher.close())
        .catch(() => {})
        .then(() => queue.close())
        .catch(() => {})
    },
  }
}
