import { type Client, type ClientOptions, createClient, type Fetch } from '@flowscale/client'
import { CANARY } from './canary.ts'

/** A client with the canary key, on a host that does not exist. */
export const clientWith = (fetch?: Fetch, options: Partial<ClientOptions> = {}): Client =>
  createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch, ...options })
