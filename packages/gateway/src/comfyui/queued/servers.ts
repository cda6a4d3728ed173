import type { ReadClass } from '../api/classes.ts'
import { type Answer, NoAnswer } from '../api/client.ts'
import { LEASE_MS } from './port.ts'
import type { ComfyQueue, Entry } from './types.ts'

/** A server, by its name. */
export interface Server {
  readonly name: string
  /** What it can run: its facts, or those that its worker sends. */
  readonly newReader: () => ReadClass
  /** Which worker speaks for it, and when it last did. */
  session: string
  seenAt: number
  /** How many of that worker's requests for news wait for an answer. */
  polls: number
  /** Whether this worker has not asked yet: its first question is answered at once, so that it knows that it is heard. */
  isNew: boolean
  isUp: boolean
  readonly isDistant: boolean
  /** Whether it is another gateway with this queue that its worker asks for runs. */
  isAbroad: boolean
  /** Whether it was last said that it answers. */
  isSaidUp: boolean
  /** The runs that it has and that have not ended, by id. */
  readonly held: Map<string, Entry>
  /** How many of its runs failed one after another by what it lacks. */
  faults: number
  /** Until when it gets no run because of that. */
  rest: { readonly until: number; readonly why: string } | undefined
  /** Runs that the GPU is done with, while their outputs are collected. */
  readonly done: Set<string>
  readonly asks: Map<string, Ask>
  /** What it lacks, by the id of needs, as this worker's ComfyUI said. */
  lacks: Map<string, Verdict>
  /** The runs of its worker that it was told not to have. */
  strange: string
  lastWorkflow: string | undefined
  /** When it was given a run last. */
  usedAt: number
  /** The run on its GPU, if that takes longer than expected: nothing more is taken ahead behind it. */
  overdue: string | undefined
  /** Of the runs that it was sent: since when its GPU works on them, and how long it did. */
  readonly work: Map<string, { readonly since: number; ms?: number }>
  /** Its worker's wait for news. */
  wake: (() => void) | undefined
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

/** A server that nobody speaks for yet. */
export function createServer(
  name: string,
  isDistant: boolean,
  newReader: (server: Server) => () => ReadClass,
): Server {
  const server: Server = {
    name,
    newReader: () => reader(),
    session: '',
    seenAt: 0,
    polls: 0,
    isNew: true,
    isUp: false,
    isDistant,
    isAbroad: false,
    isSaidUp: !isDistant,
    held: new Map(),
    done: new Set(),
    faults: 0,
    rest: undefined,
    asks: new Map(),
    lacks: new Map(),
    strange: '',
    lastWorkflow: undefined,
    usedAt: 0,
    overdue: undefined,
    work: new Map(),
    wake: undefined,
  }
  const reader = newReader(server)
  return server
}

/** A worker that is there asks for news again long before this. */
const QUIET_MS = 5_000
const ASK_MS = 10_000

export const isLive = ({ session, seenAt }: Server): boolean =>
  session !== '' && performance.now() - seenAt < LEASE_MS

/** Its worker has gone, and another one can have the name at once. */
export function letGo(server: Server): void {
  server.seenAt = performance.now() - LEASE_MS
}

/** Another worker speaks for it, perhaps before another ComfyUI. */
export function setSession(server: Server, session: string): void {
  if (server.session === session) return
  server.session = session
  server.lacks = new Map()
}

/** Whether its worker keeps the name. One that was killed does not always leave a request whose end shows it. */
export const isHeld = (server: Server): boolean =>
  isLive(server) && (server.polls > 0 || performance.now() - server.seenAt < QUIET_MS)

/** The run on its GPU. */
export const activeOf = ({ held, done }: Server): Entry | undefined =>
  [...held.values()].find(({ job, sentAt }) => sentAt !== undefined && !done.has(job.id))

export const isFree = (server: Server): boolean => activeOf(server) === undefined

/** If the run on its GPU should end within this time, the server can have the next one. */
const SOON_MS = 2_000

/** Whether the run on its GPU is about to end. */
export function endsSoon(server: Server): boolean {
  const one = activeOf(server)
  if (!one) return true
  const begun = server.work.get(one.job.id)
  // One that takes much longer than expected may take any time.
  return (
    begun !== undefined &&
    one.job.id !== server.overdue &&
    Math.abs(one.cost - (performance.now() - begun.since)) < SOON_MS
  )
}

/** Its GPU is done with a run, whose outputs are being collected. */
export function setDone({ done, work }: Server, id: string): void {
  done.add(id)
  const one = work.get(id)
  if (one) one.ms ??= performance.now() - one.since
}

/** How long its GPU worked on a run, in ms; `undefined` if that was not seen from the start. */
export function gpuMsOf(server: Server | undefined, id: string): number | undefined {
  const one = server?.work.get(id)
  server?.work.delete(id)
  return one && (one.ms ?? performance.now() - one.since)
}

/** Why it gets no runs, though it answers. */
export const restOf = ({ rest }: Server): string | undefined =>
  rest && rest.until > performance.now() ? `rests for a minute, since its runs fail: ${rest.why}` : undefined

/** The run that it has and that was not sent. */
export const aheadOf = ({ held }: Server): Entry | undefined =>
  [...held.values()].find(({ sentAt }) => sentAt === undefined)

/** Tells its worker that there is news. */
export const wake = (server: Server): void => server.wake?.()

/** Asks its ComfyUI, by its worker, and that by its gateway. */
export function ask(
  server: Server,
  path: string,
  peers?: ComfyQueue['peers'],
  id: string = crypto.randomUUID(),
): Promise<Answer> {
  if (!isLive(server)) return Promise.reject(new NoAnswer('its worker is away', false))
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      clearTimeout(timer)
      server.asks.delete(id)
      reject(new NoAnswer('its worker gave no answer'))
    }
    const timer = setTimeout(fail, ASK_MS)
    const settle = (answer: Answer): void => {
      clearTimeout(timer)
      server.asks.delete(id)
      resolve(answer)
    }
    server.asks.set(id, { path, isTold: false, settle })
    if (server.isAbroad) peers?.tell({ ask: id, server: server.name, path }).catch(fail)
    else wake(server)
  })
}
