// Writes the tables of docs/performance.md and its line about the machine, so that no figure there was typed.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { compare, median, number, peersOf, type Row, times } from './figure.ts'

const page = 'docs/performance.md'
/** By heading, the rows of its table; the others are of no use to its reader. */
const shown = {
  'Requests and uploads': /^(checkHealth|getRun|executeWorkflow).*one by one|^upload/,
  'Imports and the command':
    /^import of (@flowscale\/client|flowscale)$|^start of flowscale (--version|health)/,
  Waits: /^50 waits, (polls|push).*delay|^1000 waits, watcher with push.*delay|^executeMany of 10000/,
  'The gateway':
    /^gateway: (a run|runs of 4 ms|memory)|^gateway with (--data|a queue): (a run|runs of 100|idle|CPU of a run)/,
}
/** The columns of the table of peers. */
const compared = {
  'GET, µs': 'checkHealth, one by one',
  'POST of two texts, µs': 'executeWorkflow, two texts, one by one',
  'POST of 25 KB, µs': 'executeWorkflow, a file of 25 KB, one by one',
  'upload of 1 GiB, s': 'upload of 1 GiB: time',
  'memory for it, MB': 'upload of 1 GiB: memory',
  'import, ms': 'import of @flowscale/client',
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')

/** Rows beside the floor. */
const besideFloor = (rows: readonly Row[]): string =>
  table(
    ['', 'ours', 'floor', 'ratio'],
    rows.map(({ name, unit, samples: { client, floor } }) => [
      ...[name, `${number(median(client!))} ${unit}`],
      ...[number(median(floor!)), times(compare(client!, floor!))],
    ]),
  )

/** The client and each peer. */
function besidePeers(rows: readonly Row[]): string {
  const columns = Object.values(compared).map((name) => rows.find((row) => row.name === name)!)
  const { dependencies } = JSON.parse(readFileSync('scripts/bench/peers/package.json', 'utf8'))
  const line = (title: string, who: string) => [
    title,
    ...columns.map(({ samples }) => (samples[who] ? number(median(samples[who])) : '')),
  ]
  const peers = peersOf(columns.at(-1)!.samples)
  return table(
    ['', ...Object.keys(compared)],
    [line('@flowscale/client', 'client'), ...peers.map((who) => line(`${who} ${dependencies[who]}`, who))],
  )
}

/** The average of the minute before the bench. */
const load = loadavg()[0]!

export function writePage(rows: readonly Row[]): void {
  const cores = availableParallelism()
  const machine = [
    ...[`Node ${process.version}`, `${cores} cores of ${cpus()[0]?.model}`],
    ...[`${Math.round(totalmem() / 2 ** 30)} GB`, `${type()} ${release()}`],
  ]
  if (load > cores / 2) machine.push(`while other work ran on the machine (load ${load.toFixed(1)})`)
  const date = new Date().toISOString().slice(0, 10)
  const line = `Measured by \`npm run bench -- --save\` on ${date}: ${machine.join(', ')}.`
  let text = readFileSync(page, 'utf8').replace(/^Measured by .*/m, line)
  const put = (heading: string, table: string): void => {
    // No prose between them holds a bar.
    const place = new RegExp(`(?<=^## ${heading}\n[^|]*)(\\|.*\n)+`, 'm')
    if (!place.test(text)) throw new Error(`${page} has no table of ${heading}`)
    text = text.replace(place, () => table)
  }
  for (const [heading, names] of Object.entries(shown))
    put(heading, besideFloor(rows.filter(({ name }) => names.test(name))))
  put('Other clients', besidePeers(rows))
  writeFileSync(page, text)
  execFileSync('node_modules/.bin/biome', ['format', '--write', page])
}
