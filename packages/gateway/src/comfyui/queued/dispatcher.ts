import { type EngineContext, isEnded, type Run } from '../../engine.ts'
import { isEntry, type RunChange } from '../../queue/runQueue.ts'
import type { ReadClass } from '../api/classes.ts'
import { createListeners } from '../listeners.ts'
import { type Ended, type Progress, type Submitted, toEndedRun, toRun } from '../runRecord.ts'
import { endWithout, UNKNOWN } from '../runs/historyEnd.ts'
import { createPort, type Hub } from './createPort.ts'
import { lackOf, type Needs } from './needs.ts'
import { joinPeers } from './peers.ts'
import { type Port, Refused } from './port.ts'
import {
  aheadOf,
  createServer,
  isFree,
  isHeld,
  isLive,
  letGo,
  restOf,
  type Server,
  setSession,
  wake,
} from './servers.ts'
import type { ComfyQueue, Entry, Job } from './types.ts'

/** Gives the runs of a queue to servers. */
export interface Dispatcher {
  readonly servers: ReadonlyMap<string, Server>
  /** Opens the queue; after an error, it may be called again. `addServer` adds a server whose worker asks another gateway. */
  open(addServer: (name: string) => Server): Promise<void>
  /** Adds a server, for which no worker speaks yet. `isDistant`: its worker dials in. */
  addServer(name: string, isDistant: boolean, newReader: (server: Server) => () => ReadClass): Server
  /** Lets the worker with this session speak for a server. @throws Refused while another worker does. */
  claim(server: Server, session: string): Promise<void>
  /** What that worker speaks by. Each method claims the server. */
  portOf(server: Server, session: string): Port
  /** A run was added to the queue. */
  added(): void
  cancel(id: string): Promise<{ run: Run; hadEnded: boolean } | undefined>
  toRun(found: Entry | Ended): Promise<Run>
  watch(listener: (run: Run) => void, runId?: string): () => void
  follow(id: string): () => void
  close(): Promise<void>
}

const TICK_MS = 1_000
/** Places in the queue are told no more often. */
const PLACES_MS = 250
/** What a server has may have changed after this time. */
const FRESH_MS = 2_000
const REST_MS = 60_000
/** How long a run waits without a server for it before it says why. */
const PATIENCE_MS = 10_000

export interface DispatcherOptions {
  readonly queue: ComfyQueue
  readonly lostAfterMs: number
  readonly maxQueueMs: number
  readonly log: EngineContext['log']
}

interface Stuck {
  readonly since: number
  readonly why: string
  readonly isSaid: boolean
}

export function createDispatcher({ queue, lostAfterMs, maxQueueMs, log }: DispatcherOptions): Dispatcher {
  const servers = new Map<string, Server>()
  const progress = new Map<string, Progress>()
  const listeners = createListeners()
  const followed = new Map<string, number>()
  /** Since when no server can take runs with such needs, and why. */
  const stuck = new Map<string, Stuck>()
  /** The runs that were in the queue as it was opened, until they are looked at. */
  let left: readonly Entry[] | undefined
  let timer: ReturnType<typeof setInterval> | undefined
  let placesTimer: ReturnType<typeof setTimeout> | undefined
  let isAtWork = false
  let expiredAt = 0
  let isWanted = false
  /** Since when the queue, and the other gateways in it, have been heard. */
  let inTouchSince = 0
  let isInTouch = true
  let meetPeers: (() => Promise<void>) | undefined
  /** Counts the steps that change which server has a run. */
  let steps = 0
  /** Since when a run is one of a server that is not known. */
  const strays = new Map<string, number>()

  async function toState(found: Entry | Ended): Promise<Run> {
    if (!isEntry(found)) return toEndedRun(found)!
    const { job, sentAt } = found
    const run = await submittedOf(job)
    if (sentAt !== undefined) {
      return { ...toRun(run, { status: 'running', progress: 0, ...progress.get(job.id) }), startedAt: sentAt }
    }
    const state = stuck.get(job.needs)
    const reason = state && Date.now() - state.since >= PATIENCE_MS ? { waitsFor: state.why } : {}
    return toRun(run, { status: 'queued', progress: 0, position: await queue.ahead(found), ...reason })
  }

  async function submittedOf(job: Job): Promise<Submitted> {
    const { graph: _, ...plan } = await queue.planOf(job)
    const { id, workflowId, groupId, createdAt, shown } = job
    return { id, workflowId, groupId, createdAt, shown, ...plan }
  }

  async function emit(found: Entry | Ended): Promise<void> {
    if (listeners.has(isEntry(found) ? found.job.id : found.run.id)) listeners.tell(await toState(found))
  }

  /** The places of runs change whenever one is taken. */
  async function emitPlaces(): Promise<void> {
    placesTimer = undefined
    for (const id of followed.keys()) {
      const found = await queue.get(id).catch(() => undefined)
      if (found && isEntry(found) && found.sentAt === undefined) await emit(found).catch(() => {})
    }
  }

  /** One at a time, and once more if something happened meanwhile. */
  async function dispatch(): Promise<void> {
    isWanted = true
    if (isAtWork) return
    isAtWork = true
    try {
      while (isWanted) {
        isWanted = false
        await dispatchAll()
      }
    } catch (error) {
      log('error', `Runs could not be given to servers: ${(error as Error).message}`)
    } finally {
      isAtWork = false
    }
  }

  async function dispatchAll(): Promise<void> {
    const isOpen = (server: Server): boolean =>
      !server.isAbroad && isLive(server) && server.isUp && !restOf(server) && !aheadOf(server)
    if (![...servers.values()].some(isOpen)) return
    const waiting = new Map(await queue.waitingNeeds())
    for (const server of servers.values()) {
      const ahead = aheadOf(server)
      if (ahead) waiting.set(ahead.job.needs, await queue.needsOf(ahead.job))
    }
    let hasTaken = false
    for (;;) {
      const open = [...servers.values()].filter(isOpen)
      const fits = new Map(open.map((server) => [server, fitting(server, waiting)]))
      const free = open.filter(isFree)
      const taken = (await takeFor(free, fits)) ?? (await takeFor(open, fits)) ?? (await steal(free))
      if (!taken) break
      hasTaken = true
    }
    if (hasTaken) placesTimer ??= setTimeout(emitPlaces, PLACES_MS)
  }

  /** Gives the next run to one of these servers. */
  async function takeFor(
    candidates: readonly Server[],
    fits: ReadonlyMap<Server, ReadonlySet<string>>,
  ): Promise<Entry | undefined> {
    const next = await queue.next(new Set(candidates.flatMap((server) => [...fits.get(server)!])))
    if (!next) return undefined
    const { needs, workflowId } = next.job
    const able = candidates.filter((server) => fits.get(server)!.has(needs))
    // Its models are loaded where the workflow ran last.
    able.sort(
      (a, b) =>
        Number(b.lastWorkflow === workflowId) - Number(a.lastWorkflow === workflowId) || a.usedAt - b.usedAt,
    )
    const server = able[0]!
    const entry = await queue.take(fits.get(server)!, server.name)
    if (entry) give(server, entry)
    return entry
  }

  /** A server that is free gets a run that only waits for its turn on another. */
  async function steal(free: readonly Server[]): Promise<Entry | undefined> {
    for (const to of free) {
      for (const from of servers.values()) {
        const entry = aheadOf(from)
        if (from === to || !entry || isFree(from) || to.lacks.get(entry.job.needs)?.lack !== null) continue
        if (!(await queue.move(entry.job.id, from.name, to.name))) continue
        from.held.delete(entry.job.id)
        wake(from)
        give(to, entry)
        return entry
      }
    }
    return undefined
  }

  function give(server: Server, entry: Entry): void {
    steps++
    server.held.set(entry.job.id, entry)
    server.lastWorkflow = entry.job.workflowId
    server.usedAt = performance.now()
    wake(server)
  }

  /** The needs that a server is known to meet. What is not known is found out, and then runs are given again. */
  function fitting(server: Server, waiting: ReadonlyMap<string, Needs>): Set<string> {
    const readClass = server.newReader()
    const fit = new Set<string>()
    for (const [id, needs] of waiting) {
      const known = server.lacks.get(id)
      if (known?.lack === null) fit.add(id)
      if (known && Date.now() - known.at < FRESH_MS) continue
      server.lacks.set(id, { at: Date.now(), lack: known?.lack })
      lackOf(needs, readClass).then(
        (found) => {
          const lack = found ?? null
          server.lacks.set(id, { at: Date.now(), lack })
          if (lack !== known?.lack) void dispatch()
        },
        () => server.lacks.set(id, { at: 0, lack: known?.lack }),
      )
    }
    return fit
  }

  /** Which server has which run, as the queue says. */
  async function readHeld(): Promise<void> {
    let entries: readonly Entry[]
    let before: number
    do {
      before = steps
      entries = await queue.held()
    } while (steps !== before)
    for (const server of servers.values()) {
      const own = entries.filter((entry) => entry.server === server.name)
      const ids = new Set(own.map(({ job }) => job.id))
      for (const id of [...server.held.keys(), ...server.done]) {
        if (ids.has(id)) continue
        server.held.delete(id)
        server.done.delete(id)
      }
      for (const entry of own) server.held.set(entry.job.id, entry)
    }
    const held = new Set(entries.map(({ job }) => job.id))
    for (const id of progress.keys()) if (!held.has(id)) progress.delete(id)
    for (const id of strays.keys()) if (!held.has(id)) strays.delete(id)
    for (const { job, server = '' } of entries) {
      if (servers.has(server)) strays.delete(job.id)
      else if (!strays.has(job.id)) strays.set(job.id, Date.now())
    }
  }

  /** What a server has that never came is another's, or lost. */
  async function settleStrays(now: number): Promise<void> {
    for (const [id, since] of strays) {
      if (now - Math.max(since, inTouchSince) < lostAfterMs) continue
      const found = await queue.get(id)
      if (!found || !isEntry(found) || found.server === undefined || servers.has(found.server)) continue
      if (found.sentAt === undefined) await queue.giveBack(id, found.server, undefined)
      else await lose(found)
    }
  }

  /** Lets the worker with this session speak for the server. `polls`: it asks this gateway for runs. */
  async function claim(server: Server, session: string, polls = false): Promise<void> {
    const isOther = server.session !== session
    if (isOther || (polls && server.isAbroad)) {
      if (isOther && !server.isAbroad && isHeld(server)) throw new Refused('session')
      if (queue.peers && !(await queue.peers.claim(server.name, session, polls))) throw new Refused('session')
      server.isNew ||= isOther
      setSession(server, session)
      server.isAbroad = queue.peers !== undefined && !polls
      await readHeld()
    }
    server.seenAt = Date.now()
  }

  /** A run was changed by another gateway. */
  function heard({ run, server: name, news, isOver }: RunChange): void {
    if (isOver) progress.delete(run)
    if (news) progress.set(run, news as Progress)
    if (followed.has(run)) void emitNow(run)
    if (news) return
    placesTimer ??= setTimeout(emitPlaces, PLACES_MS)
    const server = servers.get(name ?? '')
    if (!server) void dispatch()
    // Its worker asks this gateway.
    else if (!server.isAbroad || server.polls > 0)
      void readHeld().then(
        () => wake(server),
        () => {},
      )
  }

  function missed(): void {
    for (const id of followed.keys()) void emitNow(id)
  }

  async function emitNow(id: string): Promise<void> {
    const found = await queue.get(id).catch(() => undefined)
    if (found) await emit(found).catch(() => {})
  }

  async function tick(): Promise<void> {
    try {
      await meetPeers?.()
      await readHeld()
    } catch (error) {
      isInTouch = false
      throw error
    }
    // What the others said meanwhile was not heard.
    if (!isInTouch) inTouchSince = Date.now()
    isInTouch = true
    const now = Date.now()
    for (const server of servers.values()) {
      const isAway = !isLive(server)
      const answers = !isAway && server.isUp
      // A server of the gateway's own answers in a moment.
      if (!server.isAbroad && answers !== server.isSaidUp && now - inTouchSince > 2 * TICK_MS) {
        server.isSaidUp = answers
        log(answers ? 'info' : 'warn', `${server.name} ${answers ? 'answers' : 'does not answer'}`)
      }
      const ahead = aheadOf(server)
      if (ahead && (isAway || (!server.isAbroad && !server.isUp))) await putBack(server, ahead.job.id)
      if (!isAway || now - Math.max(inTouchSince, server.seenAt) < lostAfterMs) continue
      for (const entry of server.held.values()) await lose(entry)
      if (server.isDistant) servers.delete(server.name)
    }
    await settleStrays(now)
    const waiting = await queue.waitingNeeds()
    const own = [...servers.values()].filter(({ isAbroad }) => !isAbroad)
    const unmet = [...waiting].filter(([id]) => !own.some(({ lacks }) => lacks.get(id)?.lack === null))
    for (const server of servers.values())
      if (server.isAbroad && isLive(server)) fitting(server, new Map(unmet))
    const before = new Map(stuck)
    stuck.clear()
    for (const id of waiting.keys()) explain(id, before.get(id))
    if (waiting.size > 0) void dispatch()
    if (waiting.size === 0 || now - expiredAt < maxQueueMs / 100) return
    expiredAt = now
    for (const entry of await queue.entries()) {
      if (entry.server !== undefined || now - entry.job.createdAt < maxQueueMs) continue
      const hours = Math.round(maxQueueMs / 360_000) / 10
      await finish(
        entry,
        endWithout(await submittedOf(entry.job), 'failed', `No server took the run for ${hours} hours`),
      )
    }
  }

  /** Notes why no server can take runs with such needs. */
  function explain(id: string, before: Stuck = { since: Date.now(), why: '', isSaid: false }): void {
    const reasons = [...servers.values()].map((server) => {
      const lack = server.lacks.get(id)?.lack
      if (!isLive(server) || !server.isUp || lack === undefined) return `${server.name} does not answer`
      if (restOf(server)) return `${server.name} ${restOf(server)}`
      return lack === null ? undefined : `${server.name} lacks ${lack}`
    })
    if (reasons.includes(undefined)) return
    const why =
      reasons.length > 0 ? `No server can take the run: ${reasons.join('; ')}` : 'No server has dialled in'
    const isLong = Date.now() - before.since >= PATIENCE_MS
    stuck.set(id, { ...before, why, isSaid: before.isSaid || isLong })
    if (before.isSaid || !isLong) return
    log('warn', why)
    void emitPlaces()
  }

  async function lose(entry: Entry): Promise<void> {
    const minutes = Math.round(lostAfterMs / 6_000) / 10
    const message = `Its server could not be reached for ${minutes} minutes, ${UNKNOWN}`
    await finish(entry, endWithout(await submittedOf(entry.job), 'failed', message))
  }

  async function putBack(server: Server, id: string): Promise<void> {
    await queue.giveBack(id, server.name, server.held.get(id)?.sentAt)
    steps++
    server.held.delete(id)
    server.done.delete(id)
    progress.delete(id)
    wake(server)
    // A cancel may have come while the run was on its way.
    if (!(await finishCancelled(id))) {
      const found = await queue.get(id)
      if (found && isEntry(found)) await emit(found)
    }
    void dispatch()
  }

  /** Gives a server no runs for a while: those of others would fail, too. */
  async function rest(server: Server, why: string): Promise<void> {
    server.rest = { until: Date.now() + REST_MS, why }
    log('warn', `${server.name} ${restOf(server)}`)
    const ahead = aheadOf(server)
    if (ahead) await putBack(server, ahead.job.id)
  }

  /** Ends a run that was not sent if its cancel was noted: what noted it may have failed to end it, or was killed. */
  async function finishCancelled(id: string): Promise<boolean> {
    const found = await queue.get(id)
    if (!found || !isEntry(found) || !found.isCancelled || found.sentAt !== undefined) return false
    await finish(found, endWithout(await submittedOf(found.job), 'cancelled', null))
    return true
  }

  async function finish(entry: Entry, ended: Ended): Promise<Ended> {
    const { id } = entry.job
    // The titles are of use while it runs.
    const counts = await queue.end({ ...ended, run: { ...ended.run, titles: {}, nodes: 0 } })
    steps++
    for (const server of servers.values()) {
      if (server.held.delete(id)) wake(server)
      server.done.delete(id)
    }
    progress.delete(id)
    await emit(counts)
    void dispatch()
    return counts
  }

  const hub: Hub = {
    queue,
    progress,
    claim,
    dispatch,
    emit,
    finish,
    finishCancelled,
    putBack,
    rest,
    submittedOf,
  }

  return {
    servers,
    async open(addServer) {
      left ??= await queue.open((message) => log('warn', message))
      for (const entry of left)
        if (entry.server === undefined && entry.isCancelled) await finishCancelled(entry.job.id)
      left = []
      inTouchSince = Date.now()
      meetPeers ??= queue.peers && joinPeers(queue.peers, { servers, addServer, lostAfterMs, heard, missed })
      await meetPeers?.()
      timer ??= setInterval(() => void tick().catch(() => {}), TICK_MS)
      if (typeof timer === 'object') timer.unref()
    },
    addServer(name, isDistant, newReader) {
      const server = createServer(name, isDistant, newReader)
      servers.set(name, server)
      return server
    },
    claim,
    portOf: (server, session) => createPort(server, session, hub),
    added: () => void dispatch(),
    async cancel(id) {
      const before = await queue.get(id)
      if (!before) return undefined
      if (!isEntry(before)) return { run: await toState(before), hadEnded: true }
      const entry = await queue.cancel(id)
      const server = servers.get(entry?.server ?? '')
      if (entry && entry.sentAt === undefined) {
        await finish(entry, endWithout(await submittedOf(entry.job), 'cancelled', null))
      } else if (server) {
        server.held.set(id, entry!)
        wake(server)
        await untilEnded(id)
      }
      const run = await toState((await queue.get(id))!)
      return { run, hadEnded: isEnded(run.status) && run.status !== 'cancelled' }
    },
    toRun: toState,
    watch: listeners.add,
    follow(id) {
      followed.set(id, (followed.get(id) ?? 0) + 1)
      let isLeft = false
      return () => {
        if (isLeft) return
        isLeft = true
        const left = followed.get(id)! - 1
        if (left > 0) followed.set(id, left)
        else followed.delete(id)
      }
    },
    async close() {
      clearInterval(timer)
      clearTimeout(placesTimer)
      listeners.clear()
      // Their workers can go to another gateway at once.
      for (const server of servers.values()) letGo(server)
      await meetPeers?.()
    },
  }

  /** A node that heeds no interrupt may take minutes: no caller waits that long. */
  async function untilEnded(id: string): Promise<void> {
    for (const deadline = Date.now() + 5_000; Date.now() < deadline; ) {
      const found = await queue.get(id)
      if (!found || !isEntry(found)) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
