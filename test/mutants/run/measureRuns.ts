// Which test runs which part of the sources, by V8's coverage of each test file.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../../scripts/lib/ensure.mjs'
import { runFile } from '../../../scripts/test/runFile.ts'
import { type Copy, type Each, filesIn } from './copies.ts'

export interface TestRun {
  readonly file: string
  readonly usualMs: number
  /**
   * By the path of a source, and for each process of the test: where a part that was run begins, where it ends, and so on
   * for each next part.
   */
  readonly sources: Record<string, number[][]>
}

/** A place in a source as one number. Lines and columns count from 1. */
export const placeOf = (line: number, column: number): number => line * 1000 + column

export const runsPlace = ({ sources }: TestRun, file: string, place: number): boolean =>
  !!sources[file]?.some((turns) => turns.filter((turn) => turn <= place).length % 2)

interface Script {
  readonly url: string
  readonly functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[]
}

interface Origin {
  readonly lineLengths: number[]
  readonly data: SourceMapPayload
}

/** By source: where each of its tokens is in the script, sorted by the place in the source. */
type Tokens = Map<string, { offset: number; place: number }[]>

function readTokens({ lineLengths, data }: Origin): Tokens {
  const map = new SourceMap(data)
  const tokens: Tokens = new Map(data.sources.map((source) => [source, []]))
  let start = 0
  let last: object = {}
  for (const [line, length] of lineLengths.entries()) {
    for (let column = 0; column < length; column++) {
      const entry = map.findEntry(line, column)
      if (!('originalSource' in entry) || entry === last) continue
      last = entry
      const place = placeOf(entry.originalLine + 1, entry.originalColumn + 1)
      tokens.get(entry.originalSource)!.push({ offset: start + column, place })
    }
    start += length + 1
  }
  for (const own of tokens.values()) own.sort((a, b) => a.place - b.place)
  return tokens
}

/** A script has the same tokens in each test. */
const known = new Map<string, Tokens>()

function tokensOf(origin: Origin): Tokens {
  const key = origin.data.sources.join() + origin.data.mappings
  const tokens = known.get(key) ?? readTokens(origin)
  known.set(key, tokens)
  return tokens
}

/** For each source of a script: the places from which on it was run, not run, run again … */
function* readScript({ functions }: Script, origin: Origin): Generator<[source: string, turns: number[]]> {
  const isRun = new Uint8Array(origin.lineLengths.reduce((sum, length) => sum + length + 1, 0))
  const ranges = functions.flatMap((one) => one.ranges)
  // The outer ranges first: the inner ones are more exact.
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  for (const { startOffset, endOffset, count } of ranges) isRun.fill(count && 1, startOffset, endOffset)
  for (const [source, tokens] of tokensOf(origin)) {
    const turns: number[] = []
    for (const { offset, place } of tokens) if (isRun[offset] !== turns.length % 2) turns.push(place)
    if (turns.length) yield [source, turns]
  }
}

function readCoverage(folder: string, cwd: string): TestRun['sources'] {
  const sources: Record<string, number[][]> = {}
  const base = pathToFileURL(`${cwd}/packages/`).href
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8')
    // A process that a test killed as it wrote has a part of it.
    if (!text.endsWith('}')) continue
    const coverage = JSON.parse(text)
    const origins: Record<string, Origin> = coverage['source-map-cache'] ?? {}
    for (const script of coverage.result as Script[]) {
      const origin = origins[script.url]
      // Node writes `null` for a map that it could not read.
      if (!origin?.data) continue
      for (const [source, turns] of readScript(script, origin)) {
        if (!source.startsWith(base)) continue
        const path = source.replace(base, 'packages/')
        sources[path] = [...(sources[path] ?? []), turns]
      }
    }
  }
  return sources
}

async function measure(file: string, { cwd, transpiled }: Copy): Promise<TestRun | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'))
  try {
    const { failed, seconds, output } = await runFile(transpiled, file, {
      env: { NODE_V8_COVERAGE: folder },
      cwd,
    })
    if (!failed) return { file, usualMs: seconds * 1000, sources: readCoverage(folder, cwd) }
    console.log(`${file} fails without a bug:\n${output.slice(-1500)}`)
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The tests of the sources: none of what is built, of examples or of whole machines. */
const isOfSources = (file: string): boolean =>
  !/^test\/(chaos|comfyui|command|dist|examples|unit\/scripts)\//.test(file)

/** Runs each test once, and keeps what it runs for as long as sources and tests stay the same. */
export async function measureRuns(each: Each): Promise<TestRun[]> {
  const hash = createHash('sha256')
  for (const file of [...filesIn('packages', /\.ts$/), ...filesIn('test', /\.ts$/)]) {
    hash.update(`${file}\n${readFileSync(join(root, file), 'utf8')}`)
  }
  const key = hash.digest('hex')
  const kept = join(root, 'node_modules/.cache/mutants.json')
  try {
    const { key: before, tests } = JSON.parse(readFileSync(kept, 'utf8'))
    if (before === key) return tests
  } catch {}
  const tests: TestRun[] = []
  await each(filesIn('test', /\.test\.ts$/).filter(isOfSources), async (file, copy) => {
    // Once more: on a busy machine, a test may fail by its time limit.
    const test = (await measure(file, copy)) ?? (await measure(file, copy))
    if (test) tests.push(test)
  })
  mkdirSync(dirname(kept), { recursive: true })
  writeFileSync(kept, JSON.stringify({ key, tests }))
  return tests
}
