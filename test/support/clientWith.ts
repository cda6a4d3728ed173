import { type Client, type ClientOptions, createClient, type Fetch } from '@flowscale/client'
import { CANARY } from './canary.ts'
import { fakeFetch, json } from './fakes.ts'

/** A client with the canary key, on a host that does not exist. */
export const clientWith = (fetch?: Fetch, options: Partial<ClientOptions> = {}): Client =>
  createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch, ...options })

/** A client that gets this answer to each request. */
export const clientFrom = (body: unknown, status = 200): Client =>
  clientWith(fakeFetch(() => (status === 204 ? new Response(null, { status }) : json(body, { status }))))
