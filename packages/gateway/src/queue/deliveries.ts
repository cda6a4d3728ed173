// The webhooks of runs that have ended: which ones are due, who sends one, and what came of it.
import type { Run } from '../engine.ts'
import type { EndedRun } from '../records/recordStore.ts'
import {
  below,
  digits,
  type EndRecord,
  type Hook,
  idIn,
  isLive,
  type LiveRecord,
  type RunRecord,
  readableRun,
  runKey,
  setRun,
} from './runs.ts'
import { pages, type Store, transact } from './store.ts'

/** An attempt without a result counts as lost after this time. It must be longer than a request may take. */
export const CLAIM_MS = 60_000
const PAGE = 1_000

/** A webhook that is due. */
export interface Delivery {
  /** The id of the run. */
  readonly id: string
  readonly owner: string | undefined
  /** Default: the operator's */
  readonly url: string | undefined
}

/** A delivery as its record has it. A claimed one has the number of its attempt, from 1 on, and is left to its claimant until `next`. */
export type Claim = Delivery & Hook

/** A request that brings a webhook. */
export interface Attempt {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The hosts that may have `http:` or a private address. */
  readonly hosts: readonly string[]
}

/** The answer to an attempt, or why there was none. */
export type Outcome =
  | { readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly error: string }

/** Sends webhooks. It needs Node, so the queues bring it, which need Node, too. */
export interface Sender {
  /** Throws an error of 422 for an address that webhooks may not go to. `hosts`: those that may be private */
  check(address: string, hosts: readonly string[]): URL
  post(attempt: Attempt): Promise<Outcome>
}

export type Deliveries = ReturnType<typeof createDeliveries>

/** What came of a run's webhook: the caller's, or else the operator's. */
export function webhookOf({ hooks }: Pick<EndRecord, 'hooks'>): Pick<Run, 'webhook'> {
  const [hook] = hooks ?? []
  if (!hook) return {}
  const status = hook.next !== undefined ? 'pending' : hook.isDelivered ? 'delivered' : 'failed'
  return { webhook: { status, attempts: hook.attempts, lastStatus: hook.lastStatus ?? null } }
}

export function createDeliveries(store: Store) {
  let isForAll = false
  let hear: (deliveries: readonly Delivery[]) => void = () => {}

  /** Changes the webhooks of a run that has ended where `next` gives a new one, and returns the new ones. */
  const change = (id: string, next: (hook: Hook) => Hook | undefined, isLazy = true): Promise<Claim[]> =>
    transact(
      store,
      async (step) => {
        const [record] = await step.read<RunRecord>(runKey(id))
        if (!record || isLive(record)) return []
        const { owner, hooks = [] } = record
        const after = hooks.map(next)
        const changed = after.flatMap((hook) => (hook ? { id, owner, url: hook.url, ...hook } : []))
        if (changed.length > 0)
          setRun(step, record, { ...record, hooks: hooks.map((hook, at) => after[at] ?? hook) })
        return changed
      },
      // A crash may undo who sends, and what came of it: then it is sent again, with the same id.
      { isLazy },
    )

  return {
    /** Gives each run that ends from now on the operator's webhook, too. */
    addForAll(): void {
      isForAll = true
    },
    /** Calls the listener with the webhooks of each run that ends here. */
    listen(listener: (deliveries: readonly Delivery[]) => void): void {
      hear = listener
    },
    hooksOf({ webhook: url }: LiveRecord, { status }: EndedRun, now: number): readonly Hook[] | undefined {
      const due = { attempts: 0, next: now }
      const hooks = [...(url === undefined ? [] : [{ url, ...due }]), ...(isForAll ? [due] : [])]
      return status === 'refused' || hooks.length === 0 ? undefined : hooks
    },
    tell(id: string, owner: string | undefined, hooks: readonly Hook[] = []): void {
      if (hooks.length > 0) hear(hooks.map(({ url }) => ({ id, owner, url })))
    },
    /** Reads the webhooks that are due, of up to `most` runs, and the time of the next one after them. */
    async due(now: number, most: number): Promise<{ deliveries: readonly Delivery[]; next?: number }> {
      const to = `d/${digits(now + 1)}`
      const deliveries: Delivery[] = []
      let left = most
      for await (const marks of pages(store, { from: 'd/', to }, PAGE)) {
        const ids = marks.map(idIn)
        const found = await store.read(ids.map(runKey))
        for (const [at, one] of found.entries()) {
          const record = readableRun(one)
          if (!record || isLive(record)) continue
          const { owner, hooks = [] } = record
          for (const { url, next } of hooks)
            if (next !== undefined && next <= now) deliveries.push({ id: ids[at]!, owner, url })
        }
        left -= PAGE
        if (left <= 0) break
      }
      const [later] = await store.range({ from: to, to: below('d/').to }, { limit: 1 })
      return { deliveries, ...(later !== undefined && { next: Number(later.split('/')[1]) }) }
    },
    /** Takes a delivery, so that of many gateways one sends it. `undefined`: it is not due any more */
    async claim({ id, url }: Delivery, now: number): Promise<Claim | undefined> {
      const [claim] = await change(id, (hook) =>
        hook.url === url && hook.next !== undefined && hook.next <= now
          ? { ...hook, attempts: hook.attempts + 1, next: now + CLAIM_MS }
          : undefined,
      )
      return claim
    },
    /** Writes down what came of an attempt. Without `next`, there is no further one. False: the attempts were begun anew */
    async settle(
      { id, url, attempts, next }: Claim,
      result: Pick<Hook, 'lastStatus' | 'isDelivered' | 'next'>,
    ): Promise<boolean> {
      const settled = await change(id, (hook) =>
        hook.url === url && hook.next === next && hook.attempts === attempts
          ? { ...hook, next: undefined, ...result }
          : undefined,
      )
      return settled.length > 0
    },
    /** Begins the attempts anew. False: the run has not ended, or has no webhook */
    async resend(id: string, now: number): Promise<boolean> {
      const resent = await change(id, ({ url }) => ({ url, attempts: 0, next: now }), false)
      hear(resent.map(({ owner, url }) => ({ id, owner, url })))
      return resent.length > 0
    },
  }
}
