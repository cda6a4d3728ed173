import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import type { Recording } from './replay/bench.ts'
import { replayCase } from './replay/replayCase.ts'

const folder = new URL('recordings/', import.meta.url)
const oldFiles = readdirSync(new URL('0.3.64/', folder))
const newFiles = readdirSync(new URL('0.8.0/', folder))
const cases = (['0.3.64', '0.8.0'] as const).flatMap((version) =>
  oldFiles.map((file) => {
    // 0.8.0 has the recordings that differ by more than ids and times.
    const from = newFiles.includes(file) ? version : '0.3.64'
    const recording = JSON.parse(readFileSync(new URL(`${from}/${file}`, folder), 'utf8')) as Recording
    return { version, name: file.replace('.json', ''), recording }
  }),
)

/** In the order of the cases. Most of the time of a case is waiting, so that several go on at once. */
const outcomes: Promise<string[]>[] = []
async function work(): Promise<void> {
  while (outcomes.length < cases.length) {
    const { version, name, recording } = cases[outcomes.length]!
    const outcome = replayCase(version, name, recording)
    outcomes.push(outcome)
    await outcome.catch(() => {})
  }
}
await Promise.all(Array.from({ length: 8 }, work))

const test = suite('replay')
for (const [index, { version, name }] of cases.entries()) {
  test(`${version} ${name}`, async () => {
    assert.equal(await outcomes[index], [])
  })
}
