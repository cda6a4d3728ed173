import { EngineError, type HttpApiOptions } from '@flowscale/gateway/http'
import { eventOf, LOOPBACK, makeSecret, secretsFor, signWebhook } from '../../../gateway/src/internal.ts'
import type { FaultKind } from '../faults/table.ts'
import { type EngineState, type Run, toApiRun } from './state.ts'

type Links = Pick<HttpApiOptions, 'dialect' | 'sign' | 'urlTtlMs'>

interface Webhooks extends NonNullable<HttpApiOptions['webhooks']> {
  /** Sends the webhook of a run that has ended. */
  send(run: Run): Promise<void>
  close(): void
}

/** The delay of a late delivery, and the longest wait of a reordered one for the next. */
const LATE_MS = 1000

/** Sends the webhooks of runs, as a gateway does, but once: a failed one is not sent again. */
export function createWebhooks(state: EngineState, links: Links, filesUrl: () => string): Webhooks {
  const { apiKey, onWebhook } = state.settings
  const closing = new AbortController()
  const timers = new Map<() => void, ReturnType<typeof setTimeout>>()
  /** Reordered deliveries, which wait for the next one. */
  const held = new Set<() => void>()

  /** A fault of the plan is an unhandled rejection, like the error of a listener: the run goes on. */
  async function send(run: Run): Promise<void> {
    if (state.closed || run.webhookUrl === undefined) return
    run.webhook = { status: 'pending', attempts: 0, lastStatus: null }
    const fault = state.faults.choose('webhook', run.id)
    const before = [...held]
    const sendNow = async (): Promise<void> => {
      clearTimeout(timers.get(sendNow))
      timers.delete(sendNow)
      held.delete(sendNow)
      await deliver(run, fault)
      if (fault === 'webhook-duplicate') await deliver(run, fault)
      for (const go of before) if (held.has(go)) go()
    }
    if (fault === 'webhook-reordered') held.add(sendNow)
    if (fault === 'webhook-reordered' || fault === 'webhook-late')
      timers.set(sendNow, setTimeout(sendNow, LATE_MS))
    else await sendNow()
  }

  async function deliver(run: Run, fault: FaultKind | undefined): Promise<void> {
    const body = await eventOf({ api: links, filesUrl: filesUrl() }, toApiRun(run))
    const isForged = fault === 'webhook-forged'
    const secrets = isForged ? [makeSecret()] : await secretsFor(apiKey, { key: undefined })
    const headers = await signWebhook(secrets, { id: `msg_${run.id}`, timeMs: Date.now(), body })
    if (state.closed) return
    const request = new Request(run.webhookUrl!, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: closing.signal,
    })
    // A handler that threw, or a server that is away: the run says so.
    const answer = await (async () => (onWebhook ?? fetch)(request))().catch(() => undefined)
    await answer?.body?.cancel().catch(() => {})
    run.webhook = {
      status: answer && answer.status >= 200 && answer.status < 300 ? 'delivered' : 'failed',
      attempts: run.webhook!.attempts + 1,
      lastStatus: answer?.status ?? null,
    }
  }

  return {
    send,
    check(address) {
      const url = URL.canParse(address) ? new URL(address) : undefined
      if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
        throw new EngineError(422, 'webhook_url must be an address such as http://127.0.0.1:3000/hook')
      if (!onWebhook && !LOOPBACK.test(url.host))
        throw new EngineError(422, 'webhook_url must lead to this machine: the emulator calls no other')
    },
    async resend(runId) {
      const run = state.runs.get(runId)
      if (!run?.webhook) return false
      void send(run)
      return true
    },
    close() {
      closing.abort()
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}
