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
import { type Store, transact } from './store.ts'

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

/** A delivery that nobody else attempts until `next`. */
export interface Claim extends Delivery {
  /** The number of this attempt, from 1 on. */
  readonly attempts: number
  readonly next: number
}

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

  /** Changes the webhooks of a run that has ended. If `next` gives `undefined`, a webhook stays as it is. */
  const change = (
    id: string,
    isLazy: boolean,
    next: (hook: Hook, owner: string | undefined) => Hook | undefined,
  ): Promise<void> =>
    transact(
      store,
      async (step) => {
        const [record] = await step.read<RunRecord>(runKey(id))
        if (!record || isLive(record) || !record.hooks) return
        const after = record.hooks.map((hook) => next(hook, record.owner))
        if (!after.some(Boolean)) return
        const hooks = record.hooks.map((hook, at) => after[at] ?? hook)
        setRun(step, record, { ...record, hooks })
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
      for (let offset = 0; offset < most; offset += PAGE) {
        const ids = (await store.range({ from: 'd/', to }, { offset, limit: PAGE })).map(idIn)
        const found = ids.length > 0 ? await store.read(ids.map(runKey)) : []
        for (const [at, one] of found.entries()) {
          const record = readableRun(one)
          if (!record || isLive(record)) continue
          const { owner, hooks = [] } = record
          for (const { url, next } of hooks)
            if (next !== undefined && next <= now) deliveries.push({ id: ids[at]!, owner, url })
        }
        if (ids.length < PAGE) break
      }
      const [later] = await store.range({ from: to, to: below('d/').to }, { limit: 1 })
      return { deliveries, ...(later !== undefined && { next: Number(later.split('/')[1]) }) }
    },
    /** Takes a delivery, so that of many gateways one sends it. `undefined`: it is not due any more */
    async claim({ id, owner, url }: Delivery, now: number): Promise<Claim | undefined> {
      let claim: Claim | undefined
      await change(id, true, (hook) => {
        if (hook.url !== url) return undefined
        claim = undefined
        if (hook.next === undefined || hook.next > now) return undefined
        const after = { ...hook, attempts: hook.attempts + 1, next: now + CLAIM_MS }
        claim = { id, owner, url, ...after }
        return after
      })
      return claim
    },
    /** Writes down what came of an attempt. Without `next`, there is no further one. False: the attempts were begun anew */
    async settle(
      { id, url, attempts, next: until }: Claim,
      result: Pick<Hook, 'lastStatus' | 'isDelivered' | 'next'>,
    ): Promise<boolean> {
      let isMine = false
      await change(id, true, (hook) => {
        if (hook.url !== url) return undefined
        isMine = hook.next === until && hook.attempts === attempts
        return isMine ? { ...hook, next: undefined, ...result } : undefined
      })
      return isMine
    },
    /** Begins the attempts anew. False: the run has not ended, or has no webhook */
    async resend(id: string, now: number): Promise<boolean> {
      const told: Delivery[] = []
      await change(id, false, ({ url }, owner) => {
        told.push({ id, owner, url })
        return { url, attempts: 0, next: now }
      })
      hear(told)
      return told.length > 0
    },
  }
}
