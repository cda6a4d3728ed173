// The figures of the README: `npm run readme` writes them, `--check` fails where they differ. Sizes are measured on the
// build, the rows of the runtimes come from the last `npm run test:runtimes`, what things cost from the last
// `npm run bench -- --save`.
import { readFileSync, writeFileSync } from 'node:fs'
import { bundleSize } from './lib/bundleSize.ts'
import { performance } from './readme/performance.ts'

const isCheck = process.argv.includes('--check')
const file = 'README.md'
const before = readFileSync(file, 'utf8')

/** A row of a table of functions ends with what `createClient` and the function weigh. */
const functionRow = /^(\| `(\w+)\(.*\|) *[\d.]* ?(?:KB)? *\|$/
const entryHead = /^\| `(@flowscale\/client(?:\/\w+)?)` /

async function sizes(text: string): Promise<string> {
  const lines: string[] = []
  let entry = ''
  for (const line of text.split('\n')) {
    entry = entryHead.exec(line)?.[1] ?? (line.startsWith('|') ? entry : '')
    const [, start, name] = (entry && functionRow.exec(line)) || []
    if (!start) {
      lines.push(line)
      continue
    }
    const index = '@flowscale/client'
    const own = entry === index ? `createClient, ${name}` : 'createClient'
    const other = entry === index ? '' : `export { ${name} } from '${entry}'`
    const code =
      name === 'createLogger'
        ? other
        : `export { ${own.replace('createClient, createClient', 'createClient')} } from '${index}'; ${other}`
    const { brotli } = await bundleSize(code)
    lines.push(`${start} ${(brotli / 1000).toFixed(1)} KB |`)
  }
  return lines.join('\n')
}

interface Row {
  runtime: string
  version: string
  cases: number
  passed: number
  reasons: string
}

function runtimes(text: string): string {
  const rows: Row[] = JSON.parse(readFileSync('test/runtimes/results.json', 'utf8'))
  const table = [
    '| runtime | version | cases passed | not run |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ runtime, version, cases, passed, reasons }) =>
        `| ${runtime} | ${version} | ${passed} of ${cases} | ${reasons} |`,
    ),
  ]
  return fill(text, 'runtimes', table)
}

/** Puts lines between the marks of a block. */
function fill(text: string, block: string, lines: readonly string[]): string {
  const [open, close] = [`<!-- ${block} -->`, `<!-- /${block} -->`]
  const [start, end] = [text.indexOf(open), text.indexOf(close)]
  if (start < 0 || end < start) throw new Error(`The README has lost its block ${block}`)
  return `${text.slice(0, start)}${open}\n\n${lines.join('\n')}\n\n${text.slice(end)}`
}

/** As the formatter leaves it: cells are as wide as it likes. */
const plain = (text: string) => text.replace(/ *\| */g, '|').replace(/\|[|-]+\n/g, '|\n')

const results = JSON.parse(readFileSync('scripts/bench/results.json', 'utf8'))
const after = fill(runtimes(await sizes(before)), 'performance', performance(results))
if (after === before.replace(/ KB \|/g, '')) {
  throw new Error('The README has lost its tables')
}
if (plain(after) === plain(before)) console.log('README: its figures are those of today')
else if (isCheck) {
  const old = plain(before).split('\n')
  for (const line of plain(after).split('\n')) if (!old.includes(line)) console.error(`should be ${line}`)
  console.error('The README’s figures differ: npm run readme')
  process.exitCode = 1
} else {
  writeFileSync(file, after)
  console.log('README: written; npm run format puts the tables straight')
}
