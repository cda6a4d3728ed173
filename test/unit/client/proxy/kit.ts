import type { ClientOptions, Fetch, PushConnection, RunUpdate } from '@flowscale/client'
import { createProxyHandler, type ProxyOptions } from '@flowscale/client/proxy'
import { clientWith } from '../../../support/clientWith.ts'

/** A public proxy in front of a fake pod. */
export const handlerOf = (
  fetch: Fetch,
  options: Partial<ProxyOptions> = {},
  client: Partial<ClientOptions> = {},
): ((request: Request) => Promise<Response>) =>
  createProxyHandler(clientWith(fetch, client), { authorize: 'public', ...options })

/** A request to the proxy, as a page makes it. */
export const call = (path: string, init: RequestInit = {}): Request =>
  new Request(`http://app.test/api/v1/${path}`, init)

/** A submission to the proxy. */
export const form = (init: RequestInit = {}): Request => {
  const body = new FormData()
  body.append('prompt', 'hi')
  return call('runs?workflow_id=w', { method: 'POST', body, ...init })
}

/** The answer of a proxy to one request. */
export const ask = (authorize: unknown, fetch: Fetch, request = call('comfy/health')): Promise<Response> =>
  handlerOf(fetch, { authorize } as ProxyOptions)(request)

/** Each caller has the group that its header names. */
export const byUser = ({ headers }: Request): { groupId: string } => ({ groupId: headers.get('x-user')! })

/** A push connection that a test moves. */
export function fakePush(pauseMs = (ms: number) => ms * 10) {
  const listeners = new Set<(update: RunUpdate, isNews: boolean) => void>()
  const push = {
    connected: true,
    watched: 0,
    watch(_runId, listener) {
      push.watched++
      listeners.add(listener)
      return {
        pauseMs,
        stop: () => void listeners.delete(listener),
      }
    },
    tell(update: RunUpdate, isNews = false) {
      for (const listener of listeners) listener(update, isNews)
    },
    listeners,
  } satisfies PushConnection & Record<string, unknown>
  return push
}
