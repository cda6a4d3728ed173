// Writes the tables of docs/performance.md, at their marks.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Comparison, Figure, Result } from './figure.ts'

const page = 'docs/performance.md'
/** Measured, and of no use to a reader of the page. */
const omitted = /with a signal|own code|, one text|waits.*requests|Many of 100 /

const number = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
const times = ({ ratio, interval }: Comparison): string =>
  `${number(ratio)}${interval ? ` (${interval.map(number).join('–')})` : ''}`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** Rows with the floor and, if there are any, the best peer. */
function rowsOf(figures: readonly Figure[]): string {
  const hasPeers = figures.some(({ targets }) => targets.peer)
  return table(
    ['', 'ours', 'floor', 'ratio', ...(hasPeers ? ['best peer', 'ratio'] : [])],
    figures.map(({ name, value, unit, targets: { floor, peer } }) => [
      ...[name, `${number(value)} ${unit}`, number(floor!.value), times(floor!)],
      ...(hasPeers ? (peer ? [`${peer.name}, ${number(peer.value)}`, times(peer)] : ['', '']) : []),
    ]),
  )
}

const compared = {
  'GET, µs': 'checkHealth, one by one',
  'POST of two texts, µs': 'executeWorkflow, two texts, one by one',
  'POST of 25 KB, µs': 'executeWorkflow, a file of 25 KB, one by one',
  'upload of 1 GiB, s': 'upload of 1 GiB: time',
  'memory for it, MB': 'upload of 1 GiB: memory',
  'import, ms': 'import of @flowscale/client',
}

/** The client, a bare fetch and each peer. */
function peersOf({ figures, versions }: Result): string {
  const columns = Object.values(compared).map((name) => figures.find((figure) => figure.name === name)!)
  const cell = (value?: number) => (value === undefined ? '' : number(value))
  return table(
    ['', ...Object.keys(compared)],
    [
      ['@flowscale/client', ...columns.map(({ value }) => cell(value))],
      ['floor', ...columns.map(({ targets }) => cell(targets.floor?.value))],
      ...Object.keys(columns.at(-1)!.peers).map((who) => [
        `${who} ${versions[who]}`,
        ...columns.map(({ peers }) => cell(peers[who])),
      ]),
    ],
  )
}

export function writePage(result: Result): void {
  const { cpu, cores, memoryGb, os, load } = result.machine
  const disturbed = load > cores / 2 ? `, while other work ran on the machine (load ${load})` : ''
  const shown = result.figures.filter(({ name }) => !omitted.test(name))
  const from = (pattern: RegExp): string => rowsOf(shown.filter(({ name }) => pattern.test(name)))
  const places = {
    measured: `Measured on ${result.date}: Node ${result.versions.node}, ${cores} cores of ${cpu}, ${memoryGb} GB, ${os}${disturbed}.`,
    requests: from(/^(checkHealth|getRun|executeWorkflow|upload)/),
    peers: peersOf(result),
    starts: from(/^(import|start)/),
    waits: from(/waits|executeMany/),
    gateway: from(/^gateway/),
  }
  let text = readFileSync(page, 'utf8')
  for (const [name, filled] of Object.entries(places)) {
    const place = new RegExp(`(?<=<!-- ${name} -->\\n)[\\s\\S]*?(?=<!-- /${name} -->)`)
    if (!place.test(text)) throw new Error(`${page} has lost its place for ${name}`)
    text = text.replace(place, () => `\n${filled}\n\n`)
  }
  writeFileSync(page, text)
  execFileSync('node_modules/.bin/biome', ['format', '--write', page])
}
