import { ArgumentError } from '../errors.ts'
import { addressOf } from '../internal/request.ts'
import type { Client } from '../types.ts'

/** The checked address. No error shows it. */
export function readUrl(client: Client, given: unknown): URL {
  try {
    if (typeof given === 'string' || given instanceof URL) {
      const url = new URL(given, addressOf(client, ''))
      url.protocol = url.protocol.replace('http', 'ws')
      // No WebSocket accepts a fragment.
      url.hash = ''
      if (given !== '' && /^wss?:$/.test(url.protocol)) return url
    }
  } catch {}
  throw new ArgumentError('url must be a ws(s) or http(s) URL, or a function that returns one')
}
