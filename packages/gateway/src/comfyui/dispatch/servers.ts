// A ComfyUI as the gateway knows it by its worker: its runs, their GPU time, whether it answers, and what it lacks.
import type { ReadClass } from '../api/classes.ts'
import { type Answer, NoAnswer } from '../api/client.ts'
import type { Reportable } from '../report.ts'
import { LEASE_MS } from '../worker/news.ts'
import type { ComfyQueue, Entry } from './job.ts'

interface ServerFacts extends Reportable {
  /** Whether its worker dials in. */
  readonly isDistant: boolean
  newReader(): ReadClass
}

interface Verdict {
  readonly at: number
  /** `null`: nothing; `undefined`: it is not known yet. */
  readonly lack: string | null | undefined
}

interface Ask {
  readonly path: string
  isTold: boolean
  readonly settle: (answer: Answer) => void
}

/** A server that no worker speaks for yet. */
class Condition {
  /** The worker that speaks for it, and when that last spoke. */
  session = ''
  seenAt = 0
  /** How many of that worker's requests for news wait for an answer. */
  polls = 0
  /** Whether its worker has not asked yet. The first request is answered at once, as a sign that the gateway is there. */
  isNew = true
  /** Whether its ComfyUI answers. */
  isUp = false
  /** When it was last known to answer, by the clock; from the start of this gateway on. */
  upAt: number = Date.now()
  /** Whether its worker asks another gateway with this queue for runs. */
  isAbroad = false
  /** Its runs that have not ended, by id. */
  readonly runs: Map<string, Entry> = new Map()
  /** Since when its GPU works on them, if that was seen, and when it was done: then their outputs are collected. */
  readonly work: Map<string, { readonly since?: number; readonly doneAt?: number }> = new Map()
  /** The run on its GPU, if that takes longer than expected. Until its end, no run is taken ahead. */
  overdue: string | undefined
  lastWorkflow: string | undefined
  /** The workflow of the run that it was sent last. */
  sentWorkflow: string | undefined
  /** When it was given a run last. */
  usedAt = 0
  /** The run that it completed last. */
  completed: string | undefined
  /** How many of its runs failed one after another. */
  failures = 0
  /** Until when it gets no run because of that. */
  rest: { readonly until: number; readonly why: string } | undefined
  /** Whether an operator has paused it. */
  isPaused = false
  /** What it lacks, by the id of needs, as the ComfyUI of this worker said. */
  lacks: Map<string, Verdict> = new Map()
  /** Questions to its ComfyUI that wait for an answer. */
  readonly asks: Map<string, Ask> = new Map()
  /** The runs that its worker has, and was told not to have. */
  strange = ''
  /** Tells its worker that there is news. */
  wake: (() => void) | undefined
  /** Whether the log last said that it answers. Default: it has said nothing */
  isSaidUp: boolean | undefined
}

export type Server = Condition & ServerFacts

export const createServer = (facts: ServerFacts): Server => Object.assign(new Condition(), facts)

/** A worker that lives asks for news much more often. */
const QUIET_MS = 5_000
const ASK_MS = 10_000

export const isLive = ({ session, seenAt }: Server): boolean =>
  session !== '' && performance.now() - seenAt < LEASE_MS

/** Its worker has gone, and another one can have the name at once. */
export function letGo(server: Server): void {
  server.seenAt = performance.now() - LEASE_MS
}

/** For the caller of a run that it has: that it does not answer. */
export function silenceOf(server: Server | undefined): string | undefined {
  if (!server || (isLive(server) && server.isUp)) return undefined
  return `${server.name} has not answered since ${new Date(server.upAt).toISOString().slice(0, 19)}Z`
}

/** Another worker speaks for it, perhaps before another ComfyUI. */
export function setSession(server: Server, session: string): void {
  if (server.session === session) return
  server.session = session
  server.lacks = new Map()
}

/** Whether its worker keeps the name. After a kill, no request may be left whose end would show the kill. */
export const keepsName = (server: Server): boolean =>
  isLive(server) && (server.polls > 0 || performance.now() - server.seenAt < QUIET_MS)

/** The run on its GPU. */
export const activeOf = ({ runs, work }: Server): Entry | undefined =>
  [...runs.values()].find(({ job, sentAt }) => sentAt !== undefined && work.get(job.id)?.doneAt === undefined)

export const isFree = (server: Server): boolean => activeOf(server) === undefined

/** The server can have the next run if the one on its GPU should end within this time. */
const SOON_MS = 2_000

/** Whether the run on its GPU is about to end. */
export function endsSoon(server: Server): boolean {
  const one = activeOf(server)
  if (!one || one.job.id === server.overdue) return false
  const { since } = server.work.get(one.job.id) ?? {}
  // A run that takes much longer than expected may take any time.
  return since !== undefined && Math.abs(one.cost - (performance.now() - since)) < SOON_MS
}

/** Its GPU is done with a run, whose outputs are being collected. */
export function setDone({ work }: Server, id: string): void {
  work.set(id, { doneAt: performance.now(), ...work.get(id) })
}

/** How long its GPU worked on a run, in ms; `undefined` if that was not seen from the start. */
export function gpuMsOf(server: Server | undefined, id: string): number | undefined {
  const { since, doneAt = performance.now() } = server?.work.get(id) ?? {}
  return since === undefined ? undefined : doneAt - since
}

/** Why a server that answers gets no runs. */
export function restOf({ isPaused, rest }: Server): string | undefined {
  if (isPaused) return 'paused'
  const isResting = rest && rest.until > performance.now()
  return isResting ? `rests for a minute, since its runs fail: ${rest.why}` : undefined
}

/** Notes which servers are paused. True: one was paused or resumed */
export function notePaused(servers: ReadonlyMap<string, Server>, names: readonly string[]): boolean {
  const changed = [...servers.values()].filter((one) => one.isPaused !== names.includes(one.name))
  for (const server of changed) server.isPaused = !server.isPaused
  return changed.length > 0
}

/** Whether it answers, and neither rests nor is paused. */
export const canTake = (server: Server): boolean => isLive(server) && server.isUp && !restOf(server)

/** Whether it is known to have everything that runs with such needs need. */
export const meets = ({ lacks }: Server, needs: string): boolean => lacks.get(needs)?.lack === null

/** Its run that was taken ahead, and not sent. */
export const aheadOf = ({ runs }: Server): Entry | undefined =>
  [...runs.values()].find(({ sentAt }) => sentAt === undefined)

/** Asks its ComfyUI by its worker; one that asks another gateway for runs, by that gateway. */
export function ask(
  server: Server,
  path: string,
  peers?: ComfyQueue['peers'],
  id: string = crypto.randomUUID(),
): Promise<Answer> {
  if (!isLive(server)) return Promise.reject(new NoAnswer('its worker is away', false))
  let timer: ReturnType<typeof setTimeout> | undefined
  const answered = new Promise<Answer>((resolve, reject) => {
    const fail = (): void => reject(new NoAnswer('its worker gave no answer'))
    timer = setTimeout(fail, ASK_MS)
    server.asks.set(id, { path, isTold: false, settle: resolve })
    if (server.isAbroad) peers?.tell({ ask: id, server: server.name, path }).catch(fail)
    else server.wake?.()
  })
  return answered.finally(() => {
    clearTimeout(timer)
    server.asks.delete(id)
  })
}
