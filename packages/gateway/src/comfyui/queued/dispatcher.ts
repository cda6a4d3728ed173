import { type EngineContext, isEnded, type Run } from '../../engine.ts'
import { isEntry, type RunChange, type Waiting } from '../../queue/runQueue.ts'
import { createChooser } from '../../queue/turns.ts'
import type { ReadClass } from '../api/classes.ts'
import { createListeners } from '../listeners.ts'
import { type Ended, type Progress, type Submitted, toEndedRun, toRun } from '../runRecord.ts'
import { endWithout, UNKNOWN } from '../runs/historyEnd.ts'
import { createPort, type Hub } from './createPort.ts'
import { lackOf } from './needs.ts'
import { joinPeers } from './peers.ts'
import { type Port, Refused } from './port.ts'
import {
  activeOf,
  aheadOf,
  createServer,
  endsSoon,
  gpuMsOf,
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
const LATE_MS = 10_000
/** Places in the queue are told no more often. */
const PLACES_MS = 250
/** What a server has may have changed after this time. */
const FRESH_MS = 2_000
const REST_MS = 60_000
/** So many verdicts on a server are kept, and those on runs that wait: without these, they would be asked for, for ever. */
const MOST_LACKS = 1_000
/** How long a run waits without a server for it before it says why. */
const PATIENCE_MS = 10_000
/** How long a run that was taken ahead waits for its turn, while another server is there for it. */
const AHEAD_MS = 3_000

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
  const chooser = createChooser()
  /** The runs that were cancelled before the queue was opened, until they have ended. */
  let left: readonly Entry[] | undefined
  let timer: ReturnType<typeof setInterval> | undefined
  let placesTimer: ReturnType<typeof setTimeout> | undefined
  let arePlacesOld = false
  let isAtWork = false
  let expiredAt = Number.NEGATIVE_INFINITY
  let isWanted = false
  /** Since when the queue, and the other gateways in it, have been heard. */
  let inTouchSince = 0
  let isInTouch = true
  let tickedAt = 0
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
    const reason = state && performance.now() - state.since >= PATIENCE_MS ? { waitsFor: state.why } : {}
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

  /** Tells the places of runs, which change whenever one is taken: not often, and never twice at once. */
  function emitPlaces(): void {
    arePlacesOld = true
    placesTimer ??= setTimeout(async () => {
      arePlacesOld = false
      for (const id of followed.keys()) {
        const found = await queue.get(id).catch(() => undefined)
        if (found && isEntry(found) && found.sentAt === undefined) await emit(found).catch(() => {})
      }
      placesTimer = undefined
      if (arePlacesOld) emitPlaces()
    }, PLACES_MS)
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
    const takes = (server: Server): boolean =>
      !server.isAbroad && isLive(server) && server.isUp && !restOf(server) && !aheadOf(server)
    let hasTaken = false
    for (;;) {
      const free = [...servers.values()].filter((server) => takes(server) && isFree(server))
      const busy = [...servers.values()].filter(
        (server) => takes(server) && !isFree(server) && endsSoon(server),
      )
      if (free.length + busy.length === 0) break
      const waiting = await queue.waiting()
      const needs = new Set(waiting.heads.map((head) => head.needs))
      for (const server of servers.values()) {
        const ahead = aheadOf(server)
        if (ahead) needs.add(ahead.job.needs)
      }
      for (const server of [...free, ...busy]) await learn(server, needs)
      if (!((await takeFor(free, waiting)) || (await steal(free)) || (await takeFor(busy, waiting)))) break
      hasTaken = true
    }
    if (hasTaken) emitPlaces()
  }

  /** Lets each of these servers take a run, rather one whose models it has loaded. False: none of them took any. */
  async function takeFor(candidates: readonly Server[], { turns, heads }: Waiting): Promise<boolean> {
    const fits = (server: Server, needs: string): boolean => server.lacks.get(needs)?.lack === null
    const hasLoaded = (server: Server): boolean =>
      heads.some(({ needs, workflowId }) => workflowId === server.lastWorkflow && fits(server, needs))
    const inOrder = [...candidates].sort(
      (a, b) => Number(hasLoaded(b)) - Number(hasLoaded(a)) || a.usedAt - b.usedAt,
    )
    for (const server of inOrder) {
      const fitting = heads.filter(({ needs }) => fits(server, needs))
      const isElsewhere = (workflowId: string): boolean =>
        [...servers.values()].some(
          (one) =>
            one !== server && one.lastWorkflow === workflowId && isLive(one) && one.isUp && !restOf(one),
        )
      const head = chooser.choose(
        turns,
        fitting,
        { loaded: server.lastWorkflow, isElsewhere },
        performance.now(),
      )
      if (!head) continue
      const entry = await queue.take(head, fitting, server.name)
      if (entry) give(server, entry)
      // Another gateway may have taken it: whatever follows is chosen anew.
      return true
    }
    return false
  }

  /** A server that is free gets a run that only waits for its turn on another. */
  async function steal(free: readonly Server[]): Promise<boolean> {
    for (const to of free) {
      for (const from of servers.values()) {
        const entry = aheadOf(from)
        if (from === to || !entry || isFree(from) || to.lacks.get(entry.job.needs)?.lack !== null) continue
        if (!(await queue.move(entry.job.id, from.name, to.name))) continue
        from.held.delete(entry.job.id)
        wake(from)
        give(to, entry)
        return true
      }
    }
    return false
  }

  function give(server: Server, entry: Entry): void {
    steps++
    server.held.set(entry.job.id, entry)
    server.lastWorkflow = entry.job.workflowId
    server.usedAt = performance.now()
    wake(server)
  }

  /** Finds out whether a server meets these needs. What is not known yet is found out meanwhile, and then runs are given again. */
  async function learn(server: Server, ids: Iterable<string>): Promise<void> {
    const readClass = server.newReader()
    for (const id of ids) {
      const known = server.lacks.get(id)
      if (known && performance.now() - known.at < FRESH_MS) continue
      const needs = await queue.needsOf(id)
      server.lacks.set(id, { at: performance.now(), lack: known?.lack })
      lackOf(needs, readClass).then(
        (found) => {
          const lack = found ?? null
          server.lacks.set(id, { at: performance.now(), lack })
          if (lack !== known?.lack) void dispatch()
        },
        () => server.lacks.set(id, { at: Number.NEGATIVE_INFINITY, lack: known?.lack }),
      )
    }
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
        server.work.delete(id)
      }
      for (const entry of own) server.held.set(entry.job.id, entry)
    }
    const held = new Set(entries.map(({ job }) => job.id))
    for (const id of progress.keys()) if (!held.has(id)) progress.delete(id)
    for (const id of strays.keys()) if (!held.has(id)) strays.delete(id)
    for (const { job, server = '' } of entries) {
      if (servers.has(server)) strays.delete(job.id)
      else if (!strays.has(job.id)) strays.set(job.id, performance.now())
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
    server.seenAt = performance.now()
  }

  /** A run was changed by another gateway. */
  function heard({ run, server: name, news, isOver }: RunChange): void {
    if (isOver) progress.delete(run)
    if (news) progress.set(run, news as Progress)
    if (followed.has(run)) void emitNow(run)
    if (news) return
    emitPlaces()
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
    const now = performance.now()
    // What the others said meanwhile was not heard; or this process stood still.
    if (!isInTouch || now - tickedAt > LATE_MS) inTouchSince = now
    isInTouch = true
    tickedAt = now
    for (const server of servers.values()) {
      const isAway = !isLive(server)
      const answers = !isAway && server.isUp
      // A server of the gateway's own answers in a moment.
      if (!server.isAbroad && answers !== server.isSaidUp && now - inTouchSince > 2 * TICK_MS) {
        server.isSaidUp = answers
        log(answers ? 'info' : 'warn', `${server.name} ${answers ? 'answers' : 'does not answer'}`)
      }
      const ahead = aheadOf(server)
      if (ahead && (isAway || (!server.isAbroad && (!server.isUp || isLate(server, ahead))))) {
        server.overdue = activeOf(server)?.job.id
        await putBack(server, ahead.job.id)
      }
      if (!isAway || now - Math.max(inTouchSince, server.seenAt) < lostAfterMs) continue
      for (const entry of server.held.values()) await lose(entry)
      if (server.isDistant) servers.delete(server.name)
    }
    await settleStrays(now)
    const { heads } = await queue.waiting()
    const waiting = new Set(heads.map(({ needs }) => needs))
    for (const { lacks } of servers.values())
      if (lacks.size > MOST_LACKS) for (const id of lacks.keys()) if (!waiting.has(id)) lacks.delete(id)
    const own = [...servers.values()].filter(({ isAbroad }) => !isAbroad)
    for (const server of own) if (isLive(server) && server.isUp) await learn(server, waiting)
    const unmet = [...waiting].filter((id) => !own.some(({ lacks }) => lacks.get(id)?.lack === null))
    for (const server of servers.values()) if (server.isAbroad && isLive(server)) await learn(server, unmet)
    const before = new Map(stuck)
    stuck.clear()
    for (const id of waiting) explain(id, before.get(id))
    if (waiting.size > 0) void dispatch()
    if (waiting.size === 0 || now - expiredAt < maxQueueMs / 100) return
    expiredAt = now
    const hours = Math.round(maxQueueMs / 360_000) / 10
    for (const { job } of await queue.olderThan(Date.now() - maxQueueMs)) {
      // From here on, no server sends it.
      const entry = await queue.cancel(job.id)
      if (!entry || entry.sentAt !== undefined) continue
      const why = `No server took the run for ${hours} hours`
      await finish(entry, endWithout(await submittedOf(job), 'failed', why))
    }
  }

  /** Whether a run that was taken ahead has waited long, since the run before it takes longer than expected. */
  const isLate = (server: Server, { job }: Entry): boolean =>
    !isFree(server) &&
    performance.now() - server.usedAt > AHEAD_MS &&
    [...servers.values()].some(
      (one) =>
        one !== server && isLive(one) && one.isUp && !restOf(one) && one.lacks.get(job.needs)?.lack === null,
    )

  /** Notes why no server can take runs with such needs. */
  function explain(id: string, before: Stuck = { since: performance.now(), why: '', isSaid: false }): void {
    const reasons = [...servers.values()].map((server) => {
      const lack = server.lacks.get(id)?.lack
      if (!isLive(server) || !server.isUp || lack === undefined) return `${server.name} does not answer`
      if (restOf(server)) return `${server.name} ${restOf(server)}`
      return lack === null ? undefined : `${server.name} lacks ${lack}`
    })
    if (reasons.includes(undefined)) return
    const why =
      reasons.length > 0 ? `No server can take the run: ${reasons.join('; ')}` : 'No server has dialled in'
    const isLong = performance.now() - before.since >= PATIENCE_MS
    stuck.set(id, { ...before, why, isSaid: before.isSaid || isLong })
    if (before.isSaid || !isLong) return
    log('warn', why)
    emitPlaces()
  }

  async function lose(entry: Entry): Promise<void> {
    const minutes = Math.round(lostAfterMs / 6_000) / 10
    const message = `Its server could not be reached for ${minutes} minutes, ${UNKNOWN}`
    await finish(entry, endWithout(await submittedOf(entry.job), 'failed', message))
  }

  async function putBack(server: Server, id: string): Promise<void> {
    const { sentAt } = server.held.get(id) ?? {}
    // First: if the answer is lost, nobody here may take the run for one that was sent. The next look at the queue tells.
    server.held.delete(id)
    await queue.giveBack(id, server.name, sentAt)
    steps++
    server.done.delete(id)
    server.work.delete(id)
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
    server.rest = { until: performance.now() + REST_MS, why }
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
    const gpuMs = gpuMsOf(servers.get(entry.server ?? ''), id)
    const counts = await queue.end({ ...ended, run: { ...ended.run, titles: {}, nodes: 0 } }, gpuMs)
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
      for (const { job } of left) await finishCancelled(job.id)
      left = []
      inTouchSince = performance.now()
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
      followed.clear()
      listeners.clear()
      // Their workers can go to another gateway at once.
      for (const server of servers.values()) letGo(server)
      await meetPeers?.()
    },
  }

  /** A node that heeds no interrupt may take minutes: no caller waits that long. */
  async function untilEnded(id: string): Promise<void> {
    for (const deadline = performance.now() + 5_000; performance.now() < deadline; ) {
      const found = await queue.get(id)
      if (!found || !isEntry(found)) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
