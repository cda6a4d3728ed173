import { expect, send } from './send.ts'
import type { Attack } from './types.ts'

const PATHS = ['/api/v1/comfy/queue', '/api/v1/runs?workflow_id=quick', '/api/v1/runs/r1/events']

const ways: readonly [what: string, headers: (key: string) => string[], query?: (key: string) => string][] = [
  ['none', () => []],
  ['an empty one', () => ['X-API-KEY: ']],
  ['a wrong one', () => ['X-API-KEY: wrong']],
  ['one that begins like it', (key) => [`X-API-KEY: ${key.slice(0, -1)}`]],
  ['one that goes on after it', (key) => [`X-API-KEY: ${key}x`]],
  ['in the query', () => [], (key) => `api_key=${key}`],
  ['in the query, as the header', () => [], (key) => `X-API-KEY=${key}`],
  ['twice', (key) => [`X-API-KEY: ${key}`, `X-API-KEY: ${key}`]],
  ['a wrong one and the right one', (key) => ['X-API-KEY: wrong', `X-API-KEY: ${key}`]],
  ['eight kilobytes', () => [`X-API-KEY: ${'k'.repeat(8_000)}`]],
  ['not ASCII', () => ['X-API-KEY: schl\xfcssel']],
  ['in Authorization', (key) => [`Authorization: Bearer ${key}`]],
  ['in a cookie', (key) => [`Cookie: x-api-key=${key}`]],
  ['in a header of a similar name', (key) => [`X_API_KEY: ${key}`, `X-API-KEYS: ${key}`, `API-KEY: ${key}`]],
  ['of Object', () => ['X-API-KEY: __proto__']],
  ['null', () => ['X-API-KEY: null']],
]

/** The key, where it should not be or is not the one. */
export const keys: readonly Attack[] = ways.flatMap(([what, headers, query]) =>
  PATHS.map(
    (path): Attack => ({
      what: `key: ${what}, at ${path}`,
      run: async ({ port, key }) => {
        const method = path.includes('workflow_id') ? 'POST' : 'GET'
        const full = query ? `${path}${path.includes('?') ? '&' : '?'}${query(key)}` : path
        return expect(await send(port, { method, path: full, headers: headers(key) }), 401, 403, 431)
      },
    }),
  ),
)
