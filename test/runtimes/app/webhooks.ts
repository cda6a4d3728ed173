// Node, Deno and Bun: `webhooks.mjs [HTTPS PORT]` plays the addresses, and asks a server by TLS under two names.
import type { LookupFunction } from 'node:net'
import { postWebhook } from '../../../packages/gateway/src/webhooks/post.ts'
import { playRefusals } from '../../unit/gateway/webhooks/refusals.ts'

const port = process.argv[2]
const lookup: LookupFunction = (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])
const ask = (name: string) => {
  const attempt = { address: `https://${name}:${port}/`, headers: {}, body: '', hosts: [`${name}:${port}`] }
  return postWebhook(attempt, { lookup, resolve: async () => [] })
}
console.log(JSON.stringify([await playRefusals(), await ask('hook.test'), await ask('other.test')]))
