// `npm run bench`: what the client costs, beside a bare fetch and beside others, measured in one run of less than twelve
// minutes. `-- --json` prints one JSON document and nothing else (npm does, without its `-s`), `-- --only NAME` measures the figures whose names hold NAME
// (or a part as a whole: requests, imports, sizes, waits, many, adaptive, uploads, gateway),
// `-- --save` keeps the result in scripts/bench/results.json and gateway.json, from which tables of the docs are made.
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import type { Figure, Section } from './bench/figure.ts'
import { peerVersions } from './bench/peerNames.ts'
import { ensureBuilt, ensurePeers } from './lib/ensure.mjs'

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, save: { type: 'boolean' }, only: { type: 'string' } },
})
const only = values.only?.toLowerCase()
if (values.save && only && only !== 'gateway') {
  throw new Error('--save needs every figure: leave --only out, or take --only gateway')
}

ensureBuilt()
ensurePeers()
// Not earlier: they read what was built.
const parts = await Promise.all([
  import('./bench/requests.ts').then(({ requests }) => requests),
  import('./bench/imports.ts').then(({ imports }) => imports),
  import('./bench/sizes.ts').then(({ sizes }) => sizes),
  import('./bench/waits.ts').then(({ waits }) => waits),
  import('./bench/adaptive.ts').then(({ adaptive }) => adaptive),
  import('./bench/uploads.ts').then(({ uploads }) => uploads),
  import('./bench/gateway.ts').then(({ gateway }) => gateway),
])
const isPart = parts.flat().some(({ name }) => name === only)
const isWanted = ({ name }: Section, figure: string): boolean =>
  !only || (isPart ? name === only : figure.toLowerCase().includes(only))
const sections: Section[] = parts.flat().filter((part) => part.figures.some((name) => isWanted(part, name)))
if (!sections.length) {
  const names = parts.flat().flatMap(({ figures }) => figures)
  throw new Error(`No figure is called ${values.only}; there are:\n${names.join('\n')}`)
}

const load = loadavg()[0]!
const start = performance.now()
const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(0)} s`.padStart(6)
const figures: Figure[] = []
for (const section of sections) {
  const found = await section.run((what) => console.error(`${seconds()}  ${what}`))
  figures.push(...found.filter(({ name }) => isWanted(section, name)))
}
console.error(`${seconds()}  done`)

const version = (name: string): string =>
  JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')).version
const result = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    /** Of the minute before: above a tenth of the cores, other work disturbed the times. */
    loadBefore: Number(load.toFixed(1)),
    seconds: Math.round((performance.now() - start) / 1000),
  },
  versions: {
    node: process.version,
    '@flowscale/client': version('client'),
    flowscale: version('flowscale'),
    ...peerVersions,
  },
  figures,
}

/** The gateway is measured by itself, too, and has a file of its own. */
function save(file: string, isOwn: (figure: Figure) => boolean): void {
  const own = figures.filter(isOwn)
  if (own.length) writeFileSync(file, `${JSON.stringify({ ...result, figures: own }, null, 2)}\n`)
}
const isOfGateway = ({ name }: Figure): boolean => name.startsWith('gateway:')
if (values.save) {
  save('scripts/bench/gateway.json', isOfGateway)
  save('scripts/bench/results.json', (figure) => !isOfGateway(figure))
}
if (values.json) console.log(JSON.stringify(result, null, 2))
else {
  for (const { name, unit, value, floor, ratio, peers, beside = {}, target, met, note } of figures) {
    console.log(`${met === false ? '✖' : ' '} ${name}: ${value} ${unit}`)
    const interval = ratio && ` (${ratio.value}, 95 %: ${ratio.interval.join(' to ')})`
    console.log(`    floor ${floor}${interval ?? ''}`)
    const list = (record: Record<string, number>) =>
      Object.entries(record)
        .map(([who, what]) => `${who} ${what}`)
        .join(', ')
    if (Object.keys(peers).length) console.log(`    peers: ${list(peers)}`)
    if (Object.keys(beside).length) console.log(`    beside: ${list(beside)}`)
    if (target) console.log(`    target: ${target}`)
    if (note) console.log(`    ${note}`)
  }
  const missed = figures.filter(({ met }) => met === false)
  console.log(`${figures.length} figures, ${missed.length} targets missed`)
}
