import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import type { Recording } from './replay/bench.ts'
import { ignored } from './replay/compare.ts'
import { type Replayed, replayCase } from './replay/replayCase.ts'
import type { ComfyVersion } from './server/versions.ts'

/** Recordings that are not replayed, each with its reason. */
const leftOut: Readonly<Record<string, string>> = {}

const folder = new URL('recordings/', import.meta.url)
const cases = (['0.3.64', '0.8.0'] as const).flatMap((version: ComfyVersion) =>
  readdirSync(new URL(`${version}/`, folder)).map((file) => ({
    version,
    name: file.replace('.json', ''),
    recording: JSON.parse(readFileSync(new URL(`${version}/${file}`, folder), 'utf8')) as Recording,
  })),
)

const outcomes = new Map<object, Promise<Replayed>>()
const waiting = cases.filter(({ name }) => !(name in leftOut))

/** Most of the time of a case is waiting, so that several go on at once. */
async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const outcome = replayCase(next.version, next.name, next.recording)
    outcomes.set(next, outcome)
    await outcome.catch(() => {})
  }
}
const all = [...waiting]
await Promise.all(Array.from({ length: 8 }, work))

const test = suite('replay')
for (const held of all) {
  test(`${held.version} ${held.name}`, async () => {
    const { problems } = await outcomes.get(held)!
    assert.is(problems.join('\n'), '')
  })
}

test.after(async () => {
  const done = await Promise.all([...outcomes.values()].map((outcome) => outcome.catch(() => undefined)))
  const sum = (pick: (replayed: Replayed) => number): number =>
    done.reduce((total, replayed) => total + (replayed ? pick(replayed) : 0), 0)
  const exchanges = sum((replayed) => replayed.exchanges)
  const same = exchanges - sum(({ problems }) => problems.length)
  const messages = sum((replayed) => replayed.messages)
  const names = Object.keys(leftOut)
  console.log(
    `[show] small ComfyUI: ${exchanges} exchanges replayed, ${same} the same, with ${messages} messages of sockets; ` +
      `left out ${names.length} of ${cases.length} recordings`,
  )
  for (const name of names) console.log(`[show]   left out ${name}: ${leftOut[name]}`)
  console.log('[show]   not compared:')
  for (const line of ignored) console.log(`[show]     ${line}`)
})
