import { expect, send } from './send.ts'
import type { Answer, Attack, Target } from './types.ts'

/** What the gateway takes of names. */
export const MOST_WORKERS = 3

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
  {
    what: 'worker: more names than the gateway takes',
    run: async (target) => {
      const report = (name: string): Promise<Answer> => say(target, 'report/x', '{"progress":1}', name)
      for (let count = 1; count <= MOST_WORKERS; count++) expect(await report(`w${count}`), 410)
      for (const name of ['w4', 'x', 'w5']) expect(await report(name), 429)
      // Those that are known go on.
      return expect(await report('w2'), 410)
    },
  },
]
