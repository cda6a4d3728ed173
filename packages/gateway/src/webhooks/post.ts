// Sends a webhook once, and tells how it went.
import { lookup as lookupName } from 'node:dns'
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { EngineError } from '../engine.ts'
import type { Attempt, Outcome, Sender } from '../queue/deliveries.ts'
import { checkAddress, isNamed, lookupPublic, resolveName } from './addresses.ts'

/** The time limit of a whole attempt. */
const LIMIT_MS = 15_000
/** How much of an answer is read, so that its sender can finish. */
const MOST_BYTES = 64 * 1024

interface Names {
  readonly lookup: LookupFunction
  readonly resolve: (name: string) => Promise<string[]>
}

/** Follows no redirect, and never throws. No text shows the address, which may hold a token. */
export function postWebhook(
  { address, headers, body, hosts }: Attempt,
  { lookup, resolve: resolvePublic }: Names = { lookup: lookupName, resolve: resolveName },
): Promise<Outcome> {
  return new Promise((resolve) => {
    let request: ClientRequest | undefined
    let outcome: Outcome | undefined
    const end = (error = ''): void => {
      clearTimeout(timer)
      // An answer counts as soon as its head is there.
      resolve(outcome ?? { error })
      request?.destroy()
    }
    const fail = (error: unknown): void =>
      end(error instanceof EngineError ? error.message : `The request failed (${Object(error).code})`)
    const timer = setTimeout(end, LIMIT_MS, `No answer came within ${LIMIT_MS / 1000} s`)
    try {
      const url = checkAddress(address, hosts)
      request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        method: 'POST',
        // A connection that was kept could lead to an earlier address.
        agent: false,
        // Only the resolver of this machine may know a host of --webhook-hosts.
        lookup: isNamed(url, hosts) ? lookup : lookupPublic(resolvePublic),
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'FlowScale-Webhooks',
          ...headers,
        },
      })
      request.on('error', fail)
      request.on('close', () => end('The connection ended without an answer'))
      request.on('response', (response) => {
        const { statusCode: status = 0 } = response
        outcome = { status, retryAfterMs: toRetryAfterMs(response.headers['retry-after']) }
        let left = MOST_BYTES
        response.on('data', (chunk: Buffer) => {
          left -= chunk.length
          if (left < 0) end()
        })
        response.on('error', fail)
        response.on('end', end)
      })
      request.end(body)
    } catch (error) {
      fail(error)
    }
  })
}

/** The header has seconds or a date. */
function toRetryAfterMs(value = ''): number | undefined {
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** What the queues hand over to `createWebhooks`, so that only they need Node. */
export const sender: Sender = { check: checkAddress, post: (attempt) => postWebhook(attempt) }
