// `npm run measure:waits`: what the waits are made of and what they cost, beside what was asked of them, by the scripts of
// `scripts/measure`, each runnable alone. `-- --against FOLDER` measures another checkout, built and installed, in the same
// run, as what was before. Other work on the machine disturbs the CPU times, and only those.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runScript } from './lib/child.ts'
import { ensureBuilt, root } from './lib/ensure.mjs'

interface Made {
  controllers: number
  any: number
  timers: number
  parses: number
}
interface Sources {
  lines: number
  files: number
  pairs: [string, string][]
}
type Cpu = Record<`${'checkHealth' | 'getRun'}${'' | 'Uncollected' | 'Floor'}`, number>
interface Measured {
  sources: Sources
  pollFiles: string[]
  plain: Made
  list: Made
  heap: number
  cpu: Cpu
}

const rows: [name: string, asked: number | undefined, value: (measured: Measured) => number][] = [
  ['poller/: lines', 1400, ({ sources }) => sources.lines],
  ['poller/: files', 14, ({ sources }) => sources.files],
  ['pairs of files that import each other', 0, ({ sources }) => sources.pairs.length],
  ['files that a plain poll runs through', 8, ({ pollFiles }) => pollFiles.length],
  ['a round of a plain wait: AbortControllers', 1, ({ plain }) => plain.controllers],
  ['  AbortSignal.any', undefined, ({ plain }) => plain.any],
  ['  timers', 2, ({ plain }) => plain.timers],
  ['a list that answers 100 waits: AbortControllers', 3, ({ list }) => list.controllers],
  ['  AbortSignal.any', undefined, ({ list }) => list.any],
  ['  timers', undefined, ({ list }) => list.timers],
  ['  JSON.parse', 1, ({ list }) => list.parses],
  ['heap a waiting run of executeMany, KB', 9, ({ heap }) => heap],
  ['own CPU of checkHealth, µs', 7, ({ cpu }) => cpu.checkHealth],
  ['  without forced collections', undefined, ({ cpu }) => cpu.checkHealthUncollected],
  ['  in it: the floor, to read the JSON', undefined, ({ cpu }) => cpu.checkHealthFloor],
  ['own CPU of getRun, µs', 10, ({ cpu }) => cpu.getRun],
  ['  without forced collections', undefined, ({ cpu }) => cpu.getRunUncollected],
  ['  in it: the floor, to read the JSON', undefined, ({ cpu }) => cpu.getRunFloor],
]

const { values } = parseArgs({ options: { against: { type: 'string' } } })
ensureBuilt()
const folders = [...(values.against ? [resolve(values.against)] : []), resolve(root)]
for (const folder of folders) {
  if (!existsSync(`${folder}/packages/client/dist/poller.js`)) {
    throw new Error(`${folder} is not built: npm ci && npm run build`)
  }
}

const say = (what: string) => console.error(`measuring ${what} …`)
say('own CPU')
const cpus = await runScript<Cpu[]>('measure/ownCpu.mjs', ...folders)
const measured: Measured[] = []
for (const [index, folder] of folders.entries()) {
  say(folder)
  measured.push({
    sources: await runScript('measure/sources.mjs', folder),
    pollFiles: await runScript('measure/pollFiles.mjs', folder),
    plain: await runScript('measure/plainRounds.mjs', folder),
    list: await runScript('measure/listRounds.mjs', folder),
    heap: await runScript('measure/heap.mjs', folder),
    cpu: cpus[index]!,
  })
}

const line = (name: string, ...cells: string[]) =>
  name.padEnd(50) + cells.map((cell) => cell.padStart(8)).join('')
const text = (value: number) => `${Math.round(value * 10) / 10}`
console.log(line('', 'asked', ...(values.against ? ['before', 'after'] : ['now']), 'met'))
for (const [name, asked, value] of rows) {
  const found = measured.map(value)
  const met = asked === undefined ? '' : found.at(-1)! <= asked ? '✔' : '✖'
  console.log(line(name, `${asked ?? ''}`, ...found.map(text), met))
}
for (const [index, { pollFiles, sources }] of measured.entries()) {
  console.log(`\n${folders[index]}`)
  console.log(`a plain poll runs through ${pollFiles.join(', ')}`)
  for (const pair of sources.pairs) console.log(`${pair.join(' and ')} import each other`)
}
