// `useStore.ts FOLDER WAY`: another process that uses the folder of a queue. It says in JSON how that went, a line each.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { levelStore } from '../../../../packages/gateway/src/node/levelStore.ts'
import { batchOf } from '../queue/storeSuite.ts'

const [folder, way] = process.argv.slice(2)
const store = levelStore(folder!)
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const outcome = async (work: Promise<unknown>): Promise<unknown> =>
  await work.catch(({ name, status, retryAfterS }) => `${name} ${status} ${retryAfterS}`)
const write = (key: string, text: string, isGrowth = false): Promise<unknown> =>
  outcome(store.commit(batchOf({ records: { [key]: text }, marks: [key], isGrowth })))
const random = (): string => Array.from({ length: 500 }, () => Math.random().toString(36)).join('')

await store.open(() => {})
say('open')
if (way === 'hold') setInterval(() => {}, 60_000)
if (way === 'write')
  // Several at the same moment, and each says its steps once they are answered.
  for (const name of ['a', 'b', 'c'])
    void (async () => {
      for (let step = 0; ; step++) if (await write(`${name}/${step}`, random())) say([name, step])
    })()
if (way === 'large') {
  // No file can be so large.
  const huge = 'x'.repeat(25_000_000)
  const before = await write('before', '')
  const both = await Promise.all([write('one', 'small'), write('two', huge), write('three', 'small')])
  const after = await Promise.all([
    write('growth', '', true),
    write('after', ''),
    store.read(['one', 'before']),
  ])
  say([before, both, ...after])
  process.kill(process.pid, 'SIGKILL')
}
if (way === 'fill') {
  // Another program fills the disk, and removes its file. The room is measured once a second.
  const soon = () => new Promise((resolve) => setTimeout(resolve, 1_100))
  const other = join(folder!, 'other')
  await write('add/first', '', true)
  try {
    writeFileSync(other, new Uint8Array(200 * 1024 * 1024))
  } catch {}
  await soon()
  const small = await write('add/small', '', true)
  rmSync(other)
  await soon()
  let added = 0
  while ((await write(`add/${String(added).padStart(6, '0')}`, random(), true)) === true) added++
  let ended = 0
  const more = await write('add/more', '', true)
  // While LevelDB makes room for itself, an end is refused for a moment: whoever writes it tries again.
  for (let refused = 0; ended < Math.min(added, 3_000) && refused < 30; ) {
    if ((await write(`end/${ended}`, 'x'.repeat(800))) === true) ended++
    else {
      refused++
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
  say({ small, more, added, ended })
  process.kill(process.pid, 'SIGKILL')
}
