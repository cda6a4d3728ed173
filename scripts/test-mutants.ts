// `npm run test:mutants [pattern]`: applies the patches of test/mutants in turn to a copy of the sources, each a bug that
// a maintainer might make, and runs the tests that should catch it. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { runFile } from './test/runFile.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'test/mutants')
const pattern = process.argv[2] ?? ''
/** A bug that makes a test hang is caught, too: so much longer than without a bug is hanging. */
const limitMs = 40_000
const workers = 2

interface Mutant {
  name: string
  patch: string
  bug: string
  tests: string[]
}

const mutants = readdirSync(folder)
  .filter((file) => file.endsWith('.patch') && file.includes(pattern))
  .sort()
  .map((file): Mutant => {
    const patch = join(folder, file)
    const lines = readFileSync(patch, 'utf8').split('\n')
    const told = (word: string) =>
      lines.filter((line) => line.startsWith(`${word}: `)).map((line) => line.slice(word.length + 2))
    return { name: file.replace('.patch', ''), patch, bug: told('bug')[0] ?? '', tests: told('test') }
  })

/** The sources and tests, in a folder of their own. */
function copy(): string {
  const to = mkdtempSync(join(tmpdir(), 'mutants-'))
  const filter = (path: string) => !/node_modules|[/\\]coverage|[/\\]\.tmp/.test(path.slice(root.length))
  for (const name of ['packages', 'scripts', 'test', 'examples', 'package.json', 'tsconfig.base.json']) {
    cpSync(join(root, name), join(to, name), { recursive: true, filter })
  }
  // The packages among them are those of the copy.
  const modules = join(to, 'node_modules')
  mkdirSync(join(modules, '@flowscale'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!/^(@flowscale|flowscale)$/.test(name))
      symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  symlinkSync(join(to, 'packages/flowscale'), join(modules, 'flowscale'))
  for (const name of ['client', 'gateway', 'emulator']) {
    symlinkSync(join(to, 'packages', name), join(modules, '@flowscale', name))
  }
  return to
}

/** Builds the packages again that tests import. */
async function rebuild(cwd: string): Promise<void> {
  const entries = (name: string, ...files: string[]) =>
    build({
      absWorkingDir: cwd,
      entryPoints: files.map((file) => ({
        in: `packages/${name}/src/${file}.ts`,
        out: file.replace('/index', ''),
      })),
      outdir: `packages/${name}/dist`,
      bundle: true,
      splitting: true,
      packages: 'external',
      format: 'esm',
      target: 'es2022',
      logLevel: 'silent',
    })
  const rooms = ['poller', 'websocket', 'proxy', 'typed', 'events', 'store', 'react', 'node']
  await entries('client', 'index', 'logger', ...rooms.map((room) => `${room}/index`))
  await entries('flowscale', 'index', 'command')
}

const apply = (cwd: string, patch: string, ...flags: string[]): boolean =>
  spawnSync('git', ['apply', ...flags, patch], {
    cwd,
    env: { ...process.env, GIT_CEILING_DIRECTORIES: join(cwd, '..') },
  }).status === 0

let passed = 0
let failed = 0
const say = (good: boolean, line: string) => {
  console.log(`${good ? '✔' : '✖'} ${line}`)
  if (good) passed++
  else failed++
}

/** Does `jobs` in `workers` copies at a time. */
async function inCopies<T>(jobs: T[], run: (job: T, cwd: string) => Promise<void>): Promise<void> {
  const rest = [...jobs]
  await Promise.all(
    copies.map(async (cwd) => {
      for (let job = rest.shift(); job !== undefined; job = rest.shift()) await run(job, cwd)
    }),
  )
}

const copies = Array.from({ length: workers }, copy)
/** How long they take without a bug, in ms. */
const sound = new Map<string, number>()
try {
  await Promise.all(copies.map(rebuild))
  // A test that fails without a bug catches none.
  await inCopies([...new Set(mutants.flatMap(({ tests }) => tests))], async (file, cwd) => {
    const { failed, output, seconds } = await runFile(file, {}, undefined, cwd)
    if (failed) console.log(`${file} fails without a bug:\n${output.slice(-1500)}`)
    else sound.set(file, seconds * 1000)
  })
  await inCopies(mutants, async ({ name, patch, bug, tests }, cwd) => {
    if (!bug || !tests.length) return say(false, `${name}: its head has no bug or no test`)
    if (!apply(cwd, patch)) return say(false, `${name}: the patch no longer applies`)
    await rebuild(cwd)
    let caughtBy = ''
    for (const file of tests) {
      const usualMs = sound.get(file)
      if (caughtBy || !usualMs) continue
      const outcome = await runFile(file, {}, limitMs + 3 * usualMs, cwd)
      if (outcome.failed) caughtBy = file
    }
    if (!apply(cwd, patch, '--reverse')) throw new Error(`${name} can't be taken back`)
    say(caughtBy !== '', `${name}: ${bug}${caughtBy ? `, caught by ${caughtBy}` : ', NOT CAUGHT'}`)
  })
} finally {
  for (const cwd of copies) rmSync(cwd, { recursive: true, force: true })
}
console.log(`${passed} of ${mutants.length} bugs caught`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed || !passed ? 1 : 0
