// Runs the test files and checks of a suite, two or more at a time, and counts the tests.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensure, root } from '../lib/ensure.mjs'
import { changedFiles, touchedBy } from './changed.ts'
import { list, record } from './flaky.ts'
import { checkMessages, writeMessages } from './messages.ts'
import { type Failure, isLate, type Outcome, runAgain, runCheck, runFile } from './runFile.ts'
import { suites } from './suites.ts'
import { transpile } from './transpile.ts'

process.chdir(root)
const { values, positionals: words } = parseArgs({
  options: {
    suite: { type: 'string', default: 'unit' },
    case: { type: 'string' },
    flaky: { type: 'boolean' },
    help: { type: 'boolean' },
    changed: { type: 'boolean' },
    list: { type: 'boolean' },
    messages: { type: 'boolean' },
    verbose: { type: 'boolean' },
    // For the files of one suite, which read them as TEST_OPTIONS.
    long: { type: 'boolean' },
    seed: { type: 'string' },
    trouble: { type: 'string' },
    url: { type: 'string', multiple: true },
  },
  allowPositionals: true,
})
if (values.help) {
  console.log(`npm test                       all unit tests, the checks and the coverage
npm test -- WORD …             the test files and checks with one of the words in their names
npm test -- WORD --case TEXT   of these files the cases with the text in their names
npm test -- --changed          the test files that a change since the last commit touches
npm test -- WORD --messages    adds what the errors of these files say to test/unit/*/messages.txt; without WORD, writes them anew
npm test -- --flaky            the files that failed by time alone, and passed when they ran once more
npm test -- --list             the names of test files and checks
npm test -- --suite NAME       another suite than unit: browser, built, bundler, chaos, comfyui, frameworks, runtime, s3, servers or types
                               (chaos: --seed N; chaos, runtime, types: --long; comfyui: --url ADDRESS …, --trouble COMMAND)
npm test -- --verbose          also the figures that tests print`)
  process.exit()
}
if (values.flaky) {
  console.log(list())
  process.exit()
}
const suiteName = values.suite
const suite = suites[suiteName]
if (!suite) refuse(`There is no suite ${suiteName}, only ${Object.keys(suites).join(', ')}`)

function refuse(problem: string): never {
  console.error(problem)
  process.exit(2)
}

/** Not what is installed, perhaps right now, nor what tests write. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(
    ({ name }) => !/^(\.|node_modules$)/.test(name),
  )
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}
const isMain = suiteName === 'unit'
const isOf = (name: string, file: string) => suites[name]!.has?.(file) ?? file.endsWith(`.${name}.ts`)
// Tests in `unit` that read the build run with `built`, or when they are asked for by name.
const isAsked = isMain && (words.length > 0 || values.changed || values.messages)
const files = filesIn('test')
  .filter((file) => values.long || words.length > 0 || !suite.long?.test(file))
  .filter(
    (file) => isOf(suiteName, file) || (isAsked && file.startsWith('test/unit/') && isOf('built', file)),
  )
  .sort()
const checks = suite.checks ?? []
const all = [...files, ...checks.map(([name]) => name)]
for (const word of words) {
  if (!all.some((name) => name.includes(word)))
    refuse(`No test file or check has ${word} in its name. npm test -- --list has all names.`)
}
let names = all.filter((name) => !words.length || words.some((word) => name.includes(word)))
if (values.case !== undefined) names = names.filter((name) => files.includes(name))
if (values.changed) {
  const changed = changedFiles()
  const touched = await touchedBy(changed, files)
  const isBuildTouched = changed.some((file) => /^(packages\/|rollup)/.test(file))
  const readsBuild = (name: string) => suite.needs.length > 0 || isOf('built', name)
  const isTouched = (name: string) => touched.has(name) || (isBuildTouched && readsBuild(name))
  names = names.filter((name) => files.includes(name) && isTouched(name))
  if (!names.length) console.log('No test file imports what has changed since the last commit.')
}
if (values.list || (values.changed && !names.length)) {
  for (const name of names) console.log(name)
  process.exit()
}
if (!names.length) refuse('No case runs: checks have none')
if (suiteName === 'comfyui' && !values.url)
  refuse('Give the addresses of ComfyUI servers: npm test -- --suite comfyui --url http://127.0.0.1:8188')
ensure(...suite.needs, ...(names.some((name) => isOf('built', name)) ? ['build'] : []))
process.env.TEST_OPTIONS = JSON.stringify(values)

const isWhole = isMain && names.length === all.length
const coverage = join(root, 'coverage/v8')
const outcomes: Outcome[] = []

const runsAgain = (outcome: Outcome) => !suite.final?.test(outcome.name) && isLate(outcome)

function report(outcome: Outcome, isAgain = false): Outcome {
  if (!values.messages) {
    const odd = checkMessages(outcome)
    outcome.failures.push(...odd)
    outcome.failed += odd.length
    // A hook is no case.
    outcome.passed -= odd.filter(({ place }) => !/ > (before|after)( each ".*")?$/.test(place)).length
  }
  const { name, passed, failed, seconds, output } = outcome
  if (values.case !== undefined && !passed && !failed) return outcome
  console.log(
    `${failed ? '✖' : '✔'} ${name.padEnd(52)} ${String(passed).padStart(4)} ${seconds.toFixed(1).padStart(6)} s`,
  )
  // That of a check, and of a file that runs once more, stands at the end.
  if (failed && files.includes(name) && (isAgain || !runsAgain(outcome))) console.log(output)
  return outcome
}

/** Measuring costs a sixth of the time, and the others add nothing to what is measured below. */
const isMeasured = (name: string) =>
  /^test\/(conformance|unit\/(client|gateway|emulator\/(?!workflows|painter|comfyui|cli)))/.test(name)

function runOne(name: string): Promise<Outcome> {
  const check = checks.find(([check]) => check === name)
  if (check) return runCheck(...check)
  const env = isWhole && isMeasured(name) ? { NODE_V8_COVERAGE: coverage } : undefined
  return runFile(transpiled, name, { env, limitMs: suite!.limitMs, cwd: root, only: values.case })
}

const isLong = (name: string) => Number(suite!.longest?.test(name) ?? false)
const rest = [...names].sort((a, b) => isLong(b) - isLong(a)).values()
async function work(): Promise<void> {
  for (const name of rest) outcomes.push(report(await runOne(name)))
}

const atATime = Math.max(2, availableParallelism() * (suite.perCore ?? 1))
console.log(
  `${names.length} files and checks, ${atATime} at a time${isWhole ? ', about 3 minutes on two cores' : ''}\n`,
)
if (isWhole) rmSync(join(root, 'coverage'), { recursive: true, force: true })
// So that nothing is left by Ctrl+C.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
const transpiled = await transpile(names.filter((name) => files.includes(name))).catch(() =>
  refuse('esbuild could not read the files above, so no test ran'),
)
await Promise.all(Array.from({ length: atATime }, work))

const flaky = await runAgain(outcomes, runsAgain, async ({ name }) => {
  console.log(`\n${name} failed by time alone. Once more:`)
  return report(await runOne(name), true)
})
record(suiteName, flaky)
if (values.messages) writeMessages(outcomes, isWhole && !outcomes.some(({ failed }) => failed))

if (isWhole) {
  // What needs processes, a Redis or an S3 is tested by other suites.
  const elsewhere = 'cli.ts,command/**,comfyui/dispatch/peers.ts,files/s3Files.ts,redis/**'
  // Measured first: 99.67 and 98.93 % of the client, 99.32 and 95.07 % of the gateway.
  const limits = [
    ['client', 95, 95],
    ['gateway', 98, 94],
  ] as const
  const measure = async ([folder, lines, branches]: (typeof limits)[number]) => {
    const least = `--check-coverage --lines ${lines} --branches ${branches} --functions 0 --statements 0`
    const args = `report --reporter text-summary --reporter text --include packages/${folder}/src/** --exclude packages/gateway/src/{${elsewhere}} --exclude-after-remap --temp-directory ${coverage} ${least}`
    const outcome = await runCheck(`coverage of packages/${folder}`, 'node_modules/.bin/c8', args.split(' '))
    outcomes.push(report(outcome))
    for (const line of outcome.output.split('\n')) if (/^(Lines|Branches)/.test(line)) console.log(line)
  }
  await Promise.all(limits.map(measure))
}

if (values.verbose) {
  // Figures that tests print.
  for (const { output } of outcomes)
    for (const [, line] of output.matchAll(/\[show\] ?(.*)$/gm)) console.log(line)
}

/** A failure again, with its line of the source, its values, and how to run it alone. */
function show(file: string, { place, message, at, details }: Failure): void {
  const [source, line] = at?.split(':') ?? []
  console.log(`\n✖ ${file} > ${place}\n  ${message}`)
  if (source) console.log(`  ${at}: ${readFileSync(source, 'utf8').split('\n')[Number(line) - 1]?.trim()}`)
  if (details) console.log(details.trimEnd().replace(/^/gm, '    '))
  const [, title] = / > (.*)$/.exec(place) ?? []
  const flags = isMain ? '' : ` --suite ${suiteName}`
  console.log(
    `  npm test --${flags} ${/ /.test(file) ? JSON.stringify(file) : file}${title ? ` --case ${JSON.stringify(title)}` : ''}`,
  )
}

for (const { name, failures } of outcomes) {
  for (const failure of failures.slice(0, 20)) show(name, failure)
  if (failures.length > 20) console.log(`\n✖ ${name} has ${failures.length - 20} more failures`)
}
for (const { name, failures, output } of flaky) {
  console.log(`\n${name} passed once more, alone. Before, it failed:\n${output}`)
  for (const failure of failures) show(name, failure)
}
const sum = (pick: (outcome: Outcome) => number) =>
  outcomes.reduce((total, outcome) => total + pick(outcome), 0)
console.log(`\nlooked for the canary key ${sum(({ looks }) => looks)} times`)
const passed = sum((outcome) => outcome.passed)
// More are no accident of a busy machine.
const isTooFlaky = flaky.length > 5
if (isTooFlaky) console.log('✖ More than five files were flaky')
const failed = sum((outcome) => outcome.failed) + Number(isTooFlaky)
if (flaky.length) console.log(`flaky: ${flaky.length}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed || !passed ? 1 : 0
