// What a start of the command `flowscale` takes, beside Node itself: medians of processes that take turns.
// `npm run bench:command -- --rounds 30`.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { verbs } from '../packages/flowscale/src/command/verbs.ts'
import { median } from './bench/figure.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' } } })
const rounds = Number(values.rounds)
/** `--version` may take so many times what Node takes. */
const limit = 1.25

const node = 'node -e 0'
const version = 'flowscale --version'
const bin = 'packages/flowscale/bin/flowscale.js'
const starts = new Map<string, string[]>([
  [node, ['-e', '0']],
  [version, [bin, '--version']],
  ['flowscale --help', [bin, '--help']],
  ...verbs.map(({ name }): [string, string[]] => [`flowscale ${name} --help`, [bin, name, '--help']]),
])
const times = new Map([...starts.keys()].map((name) => [name, [] as number[]]))

for (let round = -1; round < rounds; round++) {
  for (const [name, args] of starts) {
    const begin = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`)
    // The first round reads the files into the caches of the system.
    if (round >= 0) times.get(name)!.push(performance.now() - begin)
  }
}

const floor = median(times.get(node)!)
for (const [name, list] of times) {
  const ms = median(list)
  console.log(`${name.padEnd(28)} ${ms.toFixed(1).padStart(6)} ms  ${(ms / floor).toFixed(2)} × Node`)
}
const ratio = median(times.get(version)!) / floor
console.log(`--version: ${ratio.toFixed(2)} of at most ${limit}, ${rounds} rounds`)
if (ratio > limit) process.exitCode = 1
