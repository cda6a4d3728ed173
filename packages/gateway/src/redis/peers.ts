import type { PeerMessage, PeerServer, Peers } from '../queue/runQueue.ts'
import { type Store, transact } from '../queue/store.ts'

/** A server, as the gateway says that its worker asks for runs. */
interface ServerRecord {
  readonly session: string
  readonly gateway: string
  readonly isUp: boolean
  /** How long the worker has been silent there. */
  readonly silentMs: number
  /** Another number each time: that gateway is there. */
  readonly beat: number
}

/** A worker that is there is heard of each second. */
const HELD_MS = 5_000
/** After so long without a look at the beats, nothing is known of the silence of others. */
const LATE_MS = 3_000

/**
 * What gateways with the same store know of each other. No times are compared, since clocks differ and are set: each gateway
 * writes a beat each second, and notes by a clock of its own when it saw the last beat of the others.
 */
export function createPeers(store: Store): Peers {
  const me = crypto.randomUUID()
  /** By server, the last beat, and when this process first saw it. */
  const seen = new Map<string, { readonly beat: string; readonly at: number }>()
  let lookedAt = Number.NEGATIVE_INFINITY
  let beats = 0

  /** A pause of this process, or of the store, may be one of the others, too: their silence counts anew. */
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
    claim: (name, session, polls) =>
      transact(store, async (step) => {
        const key = `server/${name}`
        const [before] = await step.read<ServerRecord>(key)
        const isSame = before?.session === session
        forgetIfLate()
        if (before && !isSame && silenceOf(name, before) < HELD_MS) return false
        if (isSame && !polls) return true
        step.check(key)
        step.write(key, {
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
    meet: (own, forgottenMs) =>
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
          if (mine || isForgotten) {
            step.check(key)
            step.write(key, isForgotten ? undefined : record)
          }
          if (isForgotten) step.unmark(key)
          else all.push({ name, session: record.session, isUp, silentMs: silence, isAbroad })
        }
        for (const name of seen.keys()) if (!all.some((one) => one.name === name)) seen.delete(name)
        return all
      }),
    async tell(message) {
      await store.commit({
        checks: new Map(),
        records: new Map(),
        marks: [],
        unmarks: [],
        messages: [JSON.stringify(message)],
        isLazy: true,
        isGrowth: false,
      })
    },
    listen(listener) {
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
