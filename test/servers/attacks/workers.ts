import { expect, send } from './send.ts'
import type { Attack, Target } from './types.ts'

const say = ({ workersPort, key }: Target, path: string, body: string, name: string, ...more: string[]) =>
  send(workersPort, {
    method: 'POST',
    path: `/api/v1/worker/${path}`,
    headers: [`X-API-KEY: ${key}-of-workers`, `X-Worker: ${name}`, 'X-Worker-Session: one', ...more],
    body,
  })

/** `{"has":[],…}` of some size, which announces no length. */
const chunked = (what: string, path: string, bytes: number, status: number): Attack => ({
  what: `worker: ${what}`,
  run: async (target) => {
    const text = `{"has":[],"stopping":[],"isUp":true,"status":200,"text":"${'a'.repeat(bytes)}"}`
    const body = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
    return expect(await say(target, path, body, 'w1', 'Transfer-Encoding: chunked'), status)
  },
})

/** What the key of workers opens. */
export const workers: readonly Attack[] = [
  chunked('a question of 1 KB, in chunks', 'poll', 1_000, 200),
  chunked('a question of 64 KB, in chunks', 'poll', 65_536, 400),
  chunked('an answer of 1 MB, in chunks', 'answer/x', 1_000_000, 200),
  chunked('an answer of 68 MB, in chunks', 'answer/x', 68_000_000, 400),
]
