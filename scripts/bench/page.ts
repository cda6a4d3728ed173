// Writes docs/performance.md: all of it, so that no figure there was typed.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Comparison, Figure, Result } from './figure.ts'

const page = 'docs/performance.md'
/** The rows of its tables; the others are of no use to its reader. */
const shown = {
  requests: /^(checkHealth|getRun|executeWorkflow).*one by one|^upload/,
  starts: /^import of (@flowscale\/client|flowscale)$|^start of flowscale (--version|health)/,
  waits: /^50 waits, (polls|push).*delay|^1000 waits, watcher with push.*delay|^executeMany of 10000/,
  gateway: /^gateway: (a run|runs of 4 ms|memory)|^gateway with (--data|a queue): (a run|runs of 100)/,
}

const number = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
const times = ({ ratio, interval }: Comparison): string =>
  `${number(ratio)}${interval ? ` (${interval.map(number).join('–')})` : ''}`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** Rows beside the floor. */
const rowsOf = (figures: readonly Figure[]): string =>
  table(
    ['', 'ours', 'floor', 'ratio'],
    figures.map(({ name, value, unit, targets: { floor } }) => [
      ...[name, `${number(value)} ${unit}`, number(floor!.value), times(floor!)],
    ]),
  )

const compared = {
  'GET, µs': 'checkHealth, one by one',
  'POST of two texts, µs': 'executeWorkflow, two texts, one by one',
  'POST of 25 KB, µs': 'executeWorkflow, a file of 25 KB, one by one',
  'upload of 1 GiB, s': 'upload of 1 GiB: time',
  'memory for it, MB': 'upload of 1 GiB: memory',
  'import, ms': 'import of @flowscale/client',
}

/** The client and each peer. */
function peersOf({ figures, versions }: Result): string {
  const columns = Object.values(compared).map((name) => figures.find((figure) => figure.name === name)!)
  const cell = (value?: number) => (value === undefined ? '' : number(value))
  return table(
    ['', ...Object.keys(compared)],
    [
      ['@flowscale/client', ...columns.map(({ value }) => cell(value))],
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
  const from = (pattern: RegExp): string => rowsOf(result.figures.filter(({ name }) => pattern.test(name)))
  writeFileSync(
    page,
    `# What it costs

Written by \`npm run bench -- --save\` on ${result.date}: Node ${result.versions.node}, ${cores} cores of ${cpu}, ${memoryGb} GB, ${os}${disturbed}.

In every table less is better. The figures are medians. The floor is the least that the same work costs, for example a bare
\`fetch\`. A ratio is our figure divided by the floor, round by round, with its 95 % interval. If the interval includes one, the
difference may be noise. Figures without an interval were measured once.

## Requests and uploads

The server is another process on the same machine and answers at once. Over a network the time of the answer hides these
differences. Times are for each request, and memory is above idle.

${from(shown.requests)}

A GET costs more than a bare \`fetch\` mainly by its time-out. A bare \`fetch\` copies the body of a POST; the client streams it.

## Other clients

Each client makes the same requests with its defaults.

${peersOf(result)}

## Imports and the command

Each is a new process. The floor is an empty module, or Node itself, and for \`flowscale health\` a script with a bare \`fetch\`.

${from(shown.starts)}

## Waits

A delay is the time from the end of a run to the end of its wait. The floor is a script that asks for each run each second. A
watcher (\`createRunWatcher\`) and \`executeMany\` share one list between all runs. The heap is the most that is in use above idle.

${from(shown.waits)}

## The gateway

The floor is a script that posts to ComfyUI, polls and reads the file. The runs only sleep. The gateway writes a record
of each run. For clients that read events, the floor is a server of Node with the same streams.

${from(shown.gateway)}

## Measure it yourself

\`npm run bench\` measures these rows and more; run nothing else meanwhile. \`-- --only NAME\` picks rows, \`-- --beside FOLDER\`
compares with another built clone, and \`-- --save\` writes this page. \`scripts/bench.ts\` begins with all options.
`,
  )
  execFileSync('node_modules/.bin/biome', ['format', '--write', page])
}
