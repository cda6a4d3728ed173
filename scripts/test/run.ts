// Runs the test files of a suite, two or more at a time, and counts the tests: `run.ts [--suite NAME] [--verbose] [pattern …]`.
// Two suites have checks, too. The main suite ends with the coverage.
import { readdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Outcome, runCheck, runFile } from './runFile.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)
const { values, positionals: patterns } = parseArgs({
  options: { suite: { type: 'string', default: 'test' }, verbose: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const { suite, verbose } = values
const isMain = suite === 'test'
const isWhole = isMain && !patterns.length
const coverage = join(root, 'coverage/v8')
const bin = (name: string) => `node_modules/.bin/${name}`

type Check = [name: string, command: string, args: string[]]
const checks: Record<string, Check[]> = {
  test: [
    ['types of the client', bin('tsc'), ['-p', 'packages/client']],
    ['types of the client on Node', bin('tsc'), ['-p', 'packages/client/tsconfig.node.json']],
    ['types of the class', bin('tsc'), ['-p', 'packages/flowscale']],
    ['types of the command', bin('tsc'), ['-p', 'packages/flowscale/tsconfig.node.json']],
    ['types of the gateway', bin('tsc'), ['-p', 'packages/gateway']],
    ['types of the emulator', bin('tsc'), ['-p', 'packages/emulator']],
    ['types of the models for the AI SDK', bin('tsc'), ['-p', 'packages/ai-sdk']],
    ['types of tests and scripts', bin('tsc'), ['-p', 'test']],
    ['types of the examples', bin('tsc'), ['-p', 'examples']],
    ['types of the worker example', bin('tsc'), ['-p', 'examples/cloudflare-worker']],
    ['lint and format', bin('biome'), ['check', '--error-on-warnings', '.']],
    ['import rules', process.execPath, ['--import', 'tsx', 'scripts/check-imports.ts']],
    ['sizes', process.execPath, ['--import', 'tsx', 'scripts/size.ts']],
  ],
  upkeep: [
    ['figures of the docs', process.execPath, ['--import', 'tsx', 'scripts/readme.ts', '--check']],
    ['English of the docs', process.execPath, ['--import', 'tsx', 'scripts/check-english.ts']],
  ],
}

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith(`.${suite}.ts`) && !file.includes('node_modules'))
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .sort()

/** Only tests of the sources count for the coverage. */
const envFor = (file: string): Record<string, string> =>
  /^test\/(unit|integration|conformance)\//.test(file) ? { NODE_V8_COVERAGE: coverage } : {}

const jobs: { name: string; run: () => Promise<Outcome> }[] = [
  ...files.map((file) => ({
    name: file,
    run: () => runFile(file, envFor(file), isMain ? undefined : 1_800_000),
  })),
  ...(checks[suite] ?? []).map(([name, command, args]) => ({
    name,
    run: () => runCheck(name, command, args),
  })),
].filter(({ name }) => !patterns.length || patterns.some((pattern) => name.includes(pattern)))

const outcomes: Outcome[] = []
/** Figures that tests print, for `--verbose`. */
const shown = /\[show\] ?(.*)$/gm

function report(outcome: Outcome): void {
  outcomes.push(outcome)
  const { name, passed, failed, seconds, output } = outcome
  console.log(
    `${failed ? '✖' : '✔'} ${name.padEnd(52)} ${String(passed).padStart(4)} ${seconds.toFixed(1).padStart(6)} s`,
  )
  if (failed) console.log(output)
}

async function work(): Promise<void> {
  for (let job = jobs.shift(); job; job = jobs.shift()) report(await job.run())
}

const atATime = Math.max(2, availableParallelism())
const duration = isWhole ? ', about 10 minutes on two cores' : ''
if (!jobs.length) throw new Error(`No test file or check has ${patterns.join(' or ')} in its name`)
console.log(`${jobs.length} files and checks, ${atATime} at a time${duration}\n`)
if (isMain) rmSync(join(root, 'coverage'), { recursive: true, force: true })
await Promise.all(Array.from({ length: atATime }, work))

if (isWhole) {
  const limits = [
    '--check-coverage',
    '--lines',
    '95',
    '--branches',
    '95',
    '--functions',
    '0',
    '--statements',
    '0',
  ]
  const include = [
    '--include',
    'packages/client/src/**',
    '--exclude-after-remap',
    '--temp-directory',
    coverage,
  ]
  const args = ['report', '--reporter', 'text-summary', '--reporter', 'text', ...include, ...limits]
  const outcome = await runCheck('coverage of the client and its poller', bin('c8'), args)
  report(outcome)
  if (!outcome.failed)
    console.log(
      outcome.output
        .split('\n')
        .filter((line) => /^(All files|Lines|Branches)/.test(line))
        .join('\n'),
    )
}

if (verbose) {
  for (const { output } of outcomes) for (const [, line] of output.matchAll(shown)) console.log(line)
}

const sum = (pick: (outcome: Outcome) => number) =>
  outcomes.reduce((total, outcome) => total + pick(outcome), 0)
console.log(`looked for the canary key ${sum(({ looks }) => looks)} times`)
const passed = sum((outcome) => outcome.passed)
const failed = sum((outcome) => outcome.failed)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed || !passed ? 1 : 0
