// How gateways with one queue hear of each other, and of their servers.
import { fromBase64, toBase64 } from '../runtime.ts'
import { type Store, transact } from './store.ts'

/** A server, and the worker that speaks for it. */
export interface PeerServer {
  readonly name: string
  readonly session: string
  readonly isUp: boolean
  /** How long its worker has been silent. */
  readonly silentMs: number
  /** Whether its worker asks another gateway for runs. */
  readonly isAbroad?: boolean | undefined
}

/** A run has changed, on this server if it has one, or has ended. */
export interface RunChange {
  readonly run: string
  readonly server?: string | undefined
  readonly isOver?: boolean | undefined
  /** Its progress, in the form of its engine. */
  readonly news?: object | undefined
}

export type PeerMessage =
  | RunChange
  /** The worker of this server asks another gateway for runs from now on. */
  | { readonly moved: true; readonly server: string }
  /** Servers were paused, or take runs again. */
  | { readonly pause: true }
  /** Somebody asks for the pictures of this run. */
  | { readonly look: string }
  /** Messages may have been missed. */
  | { readonly missed: true }
  /** A question to a server, which goes to the gateway that its worker asks for runs. The answer comes back. */
  | { readonly ask: string; readonly server: string; readonly path: string }
  | { readonly answer: string; readonly server: string; readonly status: number; readonly text: string }

/** A server, as the gateway says that its worker asks for runs. */
interface ServerRecord extends Pick<PeerServer, 'session' | 'isUp' | 'silentMs'> {
  readonly gateway: string
  /** Another number each time: that gateway is there. */
  readonly beat: number
}

/** A picture is read by another gateway within this time. */
const PICTURE_MS = 30_000
/** A worker is heard every second. One that is silent for so long may lose its name to another. */
const SILENT_MS = 5_000
/** A gateway that has not read the beats for so long does not know how long the others are silent. */
const LATE_MS = 3_000

/**
 * Connects the gateways with one store. Times are never compared, since clocks differ and are set: each gateway writes a beat
 * each second, and notes by its own clock when it saw the last beat of the others.
 */
export function createPeers(store: Store) {
  const me = crypto.randomUUID()
  /** By server, the last beat, and when this process first saw it. */
  const seen = new Map<string, { readonly beat: string; readonly at: number }>()
  let lookedAt = Number.NEGATIVE_INFINITY
  let beats = 0

  /** After a pause of this process, or of the store, the silence of the others counts anew: they may have paused, too. */
  function forgetIfLate(): void {
    if (performance.now() - lookedAt > LATE_MS) seen.clear()
  }

  function silenceOf(name: string, { gateway, beat, silentMs }: ServerRecord): number {
    const now = performance.now()
    const current = `${gateway} ${beat}`
    if (seen.get(name)?.beat !== current) seen.set(name, { beat: current, at: now })
    return silentMs + now - seen.get(name)!.at
  }

  return {
    /** Lets the worker with this session speak for a server. `polls`: it asks this gateway for runs. False: another worker does */
    claim: (name: string, session: string, polls: boolean): Promise<boolean> =>
      transact(store, async (step) => {
        const key = `server/${name}`
        const [before] = await step.read<ServerRecord>(key)
        const isSame = before?.session === session
        forgetIfLate()
        if (before && !isSame && silenceOf(name, before) < SILENT_MS) return false
        if (isSame && !polls) return true
        step.replace(key, {
          session,
          gateway: me,
          isUp: isSame && before.isUp,
          silentMs: 0,
          beat: ++beats,
        } satisfies ServerRecord)
        step.mark(key)
        if (before && before.gateway !== me) step.tell({ moved: true, server: name } satisfies PeerMessage)
        return true
      }),
    /** Writes the state of this gateway's servers, and gives all servers. Forgets one that is silent for `forgottenMs`. */
    meet: (own: readonly PeerServer[], forgottenMs: number): Promise<readonly PeerServer[]> =>
      transact(store, async (step) => {
        const keys = await store.range({ from: 'server/', to: 'server0' }, { limit: 10_000 })
        const records = await step.read<ServerRecord>(...keys)
        const all: PeerServer[] = []
        forgetIfLate()
        lookedAt = performance.now()
        for (const [at, key] of keys.entries()) {
          const before = records[at]
          if (!before) continue
          const name = key.slice('server/'.length)
          const isAbroad = before.gateway !== me
          const mine = own.find((one) => !isAbroad && one.name === name && one.session === before.session)
          const { isUp, silentMs } = mine ?? before
          const record: ServerRecord = mine ? { ...before, isUp, silentMs, beat: ++beats } : before
          const silence = silenceOf(name, record)
          const isForgotten = silence > forgottenMs
          if (mine || isForgotten) step.replace(key, isForgotten ? undefined : record)
          if (isForgotten) step.unmark(key)
          else all.push({ name, session: record.session, isUp, silentMs: silence, isAbroad })
        }
        for (const name of seen.keys()) if (!all.some((one) => one.name === name)) seen.delete(name)
        return all
      }),
    /** Sends a message to the other gateways. A gateway that is away misses it. */
    tell: (message: PeerMessage): Promise<void> =>
      transact(store, async (step) => step.tell(message), { isLazy: true }),
    /** Gives the latest picture of a run to the other gateways for a while. */
    async putPicture(id: string, data: Uint8Array): Promise<void> {
      await store.show?.(id, toBase64(data), PICTURE_MS)
    },
    async getPicture(id: string): Promise<Uint8Array | undefined> {
      const text = await store.shown?.(id)
      return text === undefined ? undefined : fromBase64(text)
    },
    /** Calls the listener for each message of the others, and for each run that they change. */
    listen(listener: (message: PeerMessage) => void): void {
      store.listen?.((text) => {
        if (text === undefined) return listener({ missed: true })
        try {
          listener(JSON.parse(text) as PeerMessage)
        } catch {
          // Not from a gateway.
        }
      })
    },
  }
}

/** The other gateways with the same queue. */
export type Peers = ReturnType<typeof createPeers>
