import { OPERATIONS, operations } from '../../../packages/gateway/src/internal.ts'
import { expect, send } from './send.ts'
import type { Answer, Target } from './types.ts'

const closed = OPERATIONS.map((operation) => operations[operation]).filter(({ isOpen }) => !isOpen)

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
  ['in Authorization, but not as Bearer', (key) => [`Authorization: ${key}`]],
  ['as Bearer, beside a wrong one', (key) => ['X-API-KEY: wrong', `Authorization: Bearer ${key}`]],
  ['in a cookie', (key) => [`Cookie: x-api-key=${key}`]],
  ['in a header of a similar name', (key) => [`X_API_KEY: ${key}`, `X-API-KEYS: ${key}`, `API-KEY: ${key}`]],
  ['of Object', () => ['X-API-KEY: __proto__']],
  ['null', () => ['X-API-KEY: null']],
]

/** The key, where it should not be or is not the one. */
export const keys: readonly {
  readonly what: string
  run(target: Pick<Target, 'port' | 'key'>): Promise<Answer>
}[] = ways.flatMap(([what, headers, query]) =>
  closed.map(({ method, path }) => ({
    what: `key: ${what}, at ${method} ${path}`,
    run: async ({ port, key }: Pick<Target, 'port' | 'key'>) => {
      const full = path.replace('{id}', 'quick') + (query ? `?${query(key)}` : '')
      return expect(await send(port, { method, path: full, headers: headers(key) }), 401, 403, 431)
    },
  })),
)
