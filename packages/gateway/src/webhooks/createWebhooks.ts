// Sends the webhooks of a queue: at once after the end of a run, and again by the schedule.
import { EngineError } from '../engine.ts'
import type { Claim, Delivery, Outcome, Sender } from '../queue/deliveries.ts'
import type { RunQueue } from '../queue/runQueue.ts'
import { DAY_MS } from '../queue/runs.ts'
import { within } from '../runtime.ts'
import { judge } from './schedule.ts'
import { signWebhook } from './sign.ts'
import { createSlots } from './slots.ts'

export interface WebhooksOptions {
  readonly queue: RunQueue
  readonly sender: Sender
  /** The operator's address, which gets the webhooks of all runs. Default: none */
  readonly url: string | undefined
  /** The hosts that may be private, or without TLS. */
  readonly hosts: readonly string[]
  /** Resolves once the queue is open. */
  opened(): Promise<unknown>
  /** The secrets that sign a delivery. */
  secretsOf(delivery: Delivery): Promise<readonly string[]>
  /** The body for a run; `undefined` if the run was removed. */
  eventOf(runId: string): Promise<string | undefined>
  log(message: string): void
}

/** The retries of the schedule take two days. */
const LEAST_DAYS = 3
/** How often the webhooks of gateways that died are looked for. */
const LOOK_MS = 5_000
const AGAIN_MS = 1_000
/** The most runs whose webhooks are read in one look. */
const MOST_DUE = 10_000
/** How long a close waits for requests that are under way. The next gateway sends the others again. */
const CLOSE_MS = 5_000

export function createWebhooks(options: WebhooksOptions) {
  const { queue, sender, hosts } = options
  const { deliveries } = queue
  const runInSlot = createSlots()
  /** The webhooks that are being sent, or wait for their turn here. */
  const sending = new Map<string, Promise<void>>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let lookAt = Number.POSITIVE_INFINITY
  let isOpen = false
  let isClosed = false

  /** Looks for what is due at this time, and not before a second has passed. */
  function plan(at: number): void {
    if (!isOpen || at >= lookAt) return
    lookAt = at
    clearTimeout(timer)
    timer = setTimeout(() => void look(), Math.min(DAY_MS, Math.max(AGAIN_MS, at - Date.now())))
    timer.unref?.()
  }

  async function look(): Promise<void> {
    lookAt = Number.POSITIVE_INFINITY
    try {
      await options.opened()
      const due = await deliveries.due(Date.now(), MOST_DUE)
      send(due.deliveries)
      plan(due.next ?? lookAt)
      if (queue.peers) plan(Date.now() + LOOK_MS)
    } catch {
      plan(Date.now())
    }
  }

  function send(due: readonly Delivery[]): void {
    for (const one of due) {
      const key = `${one.id} ${one.url}`
      const address = one.url ?? options.url
      if (!isOpen || address === undefined || sending.has(key)) continue
      const work = runInSlot(new URL(address).host, () => attempt(one, address)).catch(() => plan(Date.now()))
      sending.set(
        key,
        work.finally(() => sending.delete(key)),
      )
    }
  }

  async function attempt(delivery: Delivery, address: string): Promise<void> {
    const claim = isOpen ? await deliveries.claim(delivery, Date.now()) : undefined
    const body = claim && (await options.eventOf(claim.id))
    if (!claim || body === undefined) return
    const headers = await signWebhook(await options.secretsOf(claim), {
      id: `msg_${claim.id}${claim.url === undefined ? '_operator' : ''}`,
      timeMs: Date.now(),
      body,
    })
    await settle(claim, address, await sender.post({ address, headers, body, hosts }))
  }

  async function settle(claim: Claim, address: string, outcome: Outcome) {
    const judged = judge(outcome, claim.attempts, Math.random)
    const next = judged.status === 'pending' ? Date.now() + judged.afterMs : undefined
    const lastStatus = 'status' in outcome ? { lastStatus: outcome.status } : {}
    const isDelivered = judged.status === 'delivered' || undefined
    const isMine = await deliveries.settle(claim, { isDelivered, next, ...lastStatus })
    // A resend came meanwhile.
    plan(isMine ? (next ?? lookAt) : Date.now())
    if (isDelivered || (claim.attempts > 1 && next !== undefined)) return
    const why = 'status' in outcome ? `status ${outcome.status}` : outcome.error
    const then = next === undefined ? 'it is not sent again' : 'it is sent again'
    options.log(`The webhook of run ${claim.id} to ${new URL(address).host} was not taken (${why}): ${then}`)
  }

  if (options.url !== undefined) deliveries.addForAll()
  deliveries.listen(send)

  return {
    check(address: string): void {
      if (queue.keepDays < LEAST_DAYS)
        throw new EngineError(
          422,
          `webhook_url needs records that are kept for ${LEAST_DAYS} days (--keep-days)`,
        )
      sender.check(address, hosts)
    },
    resend: (runId: string): Promise<boolean> => deliveries.resend(runId, Date.now()),
    /** Begins to send. Before that, ends of runs only become due. */
    open(): void {
      // A request may come in after the close.
      if (isOpen || isClosed) return
      isOpen = true
      void look()
    },
    async close(): Promise<void> {
      isOpen = false
      isClosed = true
      clearTimeout(timer)
      await within(Promise.all(sending.values()), CLOSE_MS)
    },
  }
}
