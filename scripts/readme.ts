// The figures of the docs: `npm run readme` writes them, `--check` fails where they differ.
// The tables of runtimes and bundlers come from the last `npm run test:runtimes` and `npm run test:bundlers`.
import { readFileSync, writeFileSync } from 'node:fs'

const isCheck = process.argv.includes('--check')

interface Runtime {
  runtime: string
  version: string
  cases: number
  passed: number
  reasons: string
}

interface Bundle {
  bundler: string
  version: string
  runtime: string
  checks: number
  passed: number
  sizes: Record<'health' | 'poller' | 'websocket' | 'class', { brotli: number }>
}

const read = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8'))
const table = (rows: readonly (readonly unknown[])[]) =>
  rows.map((row) => `| ${row.join(' | ')} |`).join('\n')

const tables: Record<string, () => string> = {
  runtimes: () =>
    table([
      ['runtime', 'version', 'cases passed', 'not run'],
      ['---', '---', '---', '---'],
      ...read<Runtime[]>('test/runtimes/results.json').map(({ runtime, version, cases, passed, reasons }) => [
        ...[runtime, version, `${passed} of ${cases}`, reasons],
      ]),
    ]),
  bundlers: () => {
    const kb = ({ brotli }: { brotli: number }) => `${(brotli / 1000).toFixed(1)} KB`
    return table([
      ['bundler', 'version', 'run in', 'checks', 'checkHealth', 'executeWorkflowAsync', 'WebSocket', 'class'],
      Array(8).fill('---'),
      ...read<Bundle[]>('test/bundlers/results.json').map(
        ({ bundler, version, runtime, checks, passed, sizes }) => [
          ...[bundler, version, runtime, `${passed} of ${checks}`],
          ...[sizes.health, sizes.poller, sizes.websocket, sizes.class].map(kb),
        ],
      ),
    ])
  },
}

/** Fills the places `<!-- NAME -->` to `<!-- /NAME -->`. */
function fill(file: string, text: string, names: readonly string[]): string {
  return names.reduce((filled, name) => {
    const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
    if (!place.test(filled)) throw new Error(`${file} has lost its table of ${name}`)
    return filled.replace(place, (_, open, close) => `${open}\n${tables[name]!()}\n\n${close}`)
  }, text)
}

/** As the formatter leaves it: cells are as wide as it likes. */
const plain = (text: string) => text.replace(/ *\| */g, '|').replace(/\|[|-]+\n/g, '|\n')

/** Writes a file, or shows the differences. */
function keep(file: string, before: string, after: string): void {
  if (plain(after) === plain(before)) console.log(`${file}: its figures are up to date`)
  else if (isCheck) {
    const old = plain(before).split('\n')
    for (const line of plain(after).split('\n')) if (!old.includes(line)) console.error(`should be ${line}`)
    console.error(`The figures of ${file} differ: npm run readme`)
    process.exitCode = 1
  } else {
    writeFileSync(file, after)
    console.log(`${file}: written; npm run format puts the tables straight`)
  }
}

/** The places that each document has. */
const documents: Readonly<Record<string, readonly string[]>> = {
  'docs/runtimes.md': ['runtimes', 'bundlers'],
}
for (const [file, names] of Object.entries(documents)) {
  const text = readFileSync(file, 'utf8')
  keep(file, text, fill(file, text, names))
}
