import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ensure, root } from '../../../scripts/lib/ensure.mjs'
import { runFile } from '../../../scripts/test/runFile.ts'
import { type Transpiled, transpile } from '../../../scripts/test/transpile.ts'
import { mutants } from '../index.ts'

const workers = 2
/** A bug that makes a test hang is caught, too: so much longer than without a bug is hanging. */
const limitMs = 40_000

/** What a bug writes into a source. */
export interface Change {
  readonly file: string
  readonly text: string
}

/** A copy of the sources and tests, in a folder of its own. */
export interface Copy {
  readonly cwd: string
  readonly transpiled: Transpiled
}

/** The packages of a copy import each other, and nothing from this repository. */
async function copy(): Promise<Copy> {
  const to = mkdtempSync(join(tmpdir(), 'mutants-'))
  const filter = (path: string) => !/node_modules|[/\\](coverage|\.tmp)/.test(path.slice(root.length))
  const names = [
    'packages',
    'scripts',
    'test',
    'examples',
    'docs',
    'package.json',
    'tsconfig.base.json',
    'biome.json',
  ]
  for (const name of names) {
    cpSync(join(root, name), join(to, name), { recursive: true, filter })
  }
  const modules = join(to, 'node_modules')
  mkdirSync(join(modules, '@flowscale'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!/^(@flowscale|flowscale)$/.test(name))
      symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  symlinkSync(join(to, 'packages/flowscale'), join(modules, 'flowscale'))
  for (const name of ['client', 'gateway', 'emulator', 'ai-sdk', 'mcp']) {
    symlinkSync(join(to, 'packages', name), join(modules, '@flowscale', name))
  }
  await rebuild(to, Object.keys(entries))
  const rows = Object.values(mutants).map(({ test }) => test)
  const tests = new Set([...filesIn('test', /\.test\.ts$/), ...rows])
  return { cwd: to, transpiled: await transpile([...tests], to) }
}

const rooms = ['poller', 'websocket', 'proxy', 'store', 'node']
const servers = ['index', 'node', 'cli']
const entries: Record<string, string[]> = {
  client: ['index', 'logger', 'typed', 'events', 'react', 'webhook', ...rooms.map((room) => `${room}/index`)],
  flowscale: ['index', 'command'],
  gateway: [...servers, 'http', 'workflows'],
  emulator: servers,
}

/** Builds the packages again. A few tests read a build. */
async function rebuild(cwd: string, names: string[]): Promise<void> {
  await Promise.all(
    names.map((name) =>
      build({
        absWorkingDir: cwd,
        entryPoints: entries[name]!.map((entry) => ({
          in: `packages/${name}/src/${entry}.ts`,
          out: entry.replace('/index', ''),
        })),
        outdir: `packages/${name}/dist`,
        bundle: true,
        splitting: true,
        packages: 'external',
        format: 'esm',
        target: 'es2022',
        sourcemap: 'inline',
        logLevel: 'silent',
      }),
    ),
  )
}

/** Runs `run` with the change in a copy, and takes the change back. */
export async function withChange<T>(
  { cwd, transpiled }: Copy,
  { file, text }: Change,
  run: () => Promise<T>,
): Promise<T> {
  const path = join(cwd, file)
  const before = readFileSync(path, 'utf8')
  const write = (content: string) => {
    writeFileSync(path, content)
    return Promise.all([rebuild(cwd, [file.split('/')[1]!]), transpiled.update(file)])
  }
  try {
    await write(text)
    return await run()
  } finally {
    await write(before)
  }
}

/** Whether a test fails or hangs that took `usualMs` without a bug. */
export async function isCaught({ cwd, transpiled }: Copy, test: string, usualMs: number): Promise<boolean> {
  return (await runFile(transpiled, test, { limitMs: limitMs + 3 * usualMs, cwd })).failed > 0
}

/** Does the jobs in copies of this repository, two at a time. */
export async function inCopies(use: (each: Each) => Promise<void>): Promise<void> {
  // For the pages of the servers.
  ensure('build')
  const copies = await Promise.all(Array.from({ length: workers }, copy))
  try {
    await use(async (jobs, run) => {
      const rest = [...jobs]
      await Promise.all(
        copies.map(async (one) => {
          for (let job = rest.shift(); job !== undefined; job = rest.shift()) await run(job, one)
        }),
      )
    })
  } finally {
    for (const { cwd } of copies) rmSync(cwd, { recursive: true, force: true })
  }
}

export type Each = <T>(jobs: Iterable<T>, run: (job: T, copy: Copy) => Promise<void>) => Promise<void>

/** The files of this repository in a folder, by a pattern of their paths. */
export const filesIn = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => pattern.test(file) && !/node_modules|[/\\](dist|mutants|\.tmp)[/\\]/.test(file))
    .sort()
