// The cases of files, on the packed tarball, in each runtime that has a disk. A pattern picks rows:
// `node --import tsx test/support/child.ts test/runtimes/files.runtime.ts Deno`.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { record } from '#test'
import { install, pack } from '../bundlers/pack.ts'
import { serveFiles } from '../unit/client/node/serveFiles.ts'
import { bunPath, command, denoPath, nodePath, nodes } from './command.ts'

const app = resolve('.tmp/files')
const small = join(app, 'small')
const limitMs = 180_000
const [pattern = ''] = process.argv.slice(2)

const denoFlags = [
  ...['run', '--no-prompt', '--node-modules-dir=manual', '--no-lock'],
  ...['--allow-net=127.0.0.1', `--allow-read=${app}`, `--allow-write=${app}`],
  ...['--allow-env=FLOWSCALE_SMALL_DISK', '--allow-sys=uid'],
]
const rows: [runtime: string, binary: string, flags: string[]][] = [
  ...nodes.map((major): [string, string, string[]] => [`Node ${major}`, nodePath(major), []]),
  ['Deno', denoPath(), denoFlags],
  ['Bun', bunPath(), []],
]
/** What is in front of each command; files of 600 blocks of 512 bytes are the largest that `disk` may write. */
const parts = { cases: 'exec', large: 'exec', disk: 'ulimit -f 600; exec' }

async function prepare(): Promise<void> {
  rmSync(app, { recursive: true, force: true })
  mkdirSync(small, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  install(app, ...pack(app, 'client'))
  await build({
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    logLevel: 'error',
    entryPoints: ['test/runtimes/app/files.ts'],
    outfile: join(app, 'files.mjs'),
    external: ['@flowscale/client', '@flowscale/client/*'],
  })
}

/** A disk of 128 KiB, where this process may mount one. */
function mountSmall(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

await prepare()
const server = await serveFiles()
const mounted = mountSmall()
let passed = 0
const failed: { name: string; error: string }[] = []
const fail = (name: string, error: string) => failed.push({ name, error })

try {
  for (const [runtime, binary, flags] of rows) {
    if (!runtime.toLowerCase().includes(pattern.toLowerCase())) continue
    const figures: string[] = []
    const before = passed
    for (const [part, limit] of Object.entries(parts)) {
      // Deno dies of the limit.
      const prefix = runtime === 'Deno' ? 'exec' : limit
      const args = [binary, ...flags, 'files.mjs', server.api, server.files, part]
      const started = command('sh', ['-c', `${prefix} "$@"`, 'sh', ...args], app, {
        DENO_DIR: join(app, '.deno'),
        DENO_NO_UPDATE_CHECK: '1',
        FLOWSCALE_SMALL_DISK: mounted ? small : '',
      })
      const timer = setTimeout(() => started.end(), limitMs)
      const code = await started.exit
      clearTimeout(timer)
      let played = 0
      for (const line of started.output().split('\n')) {
        const told = line.startsWith('{') ? JSON.parse(line) : { said: line }
        if (told.passed || told.skipped) played++
        if (told.passed) passed++
        if (told.figure) figures.push(told.figure)
        if (told.skipped) console.log(`[show] ${runtime}: not played: ${told.skipped}: ${told.reason}`)
        if (told.failed) fail(`${runtime}: ${told.failed}`, told.error)
      }
      // By itself: a file or a timer left behind would hold it.
      if (code !== 0 || !played) fail(`${runtime}, ${part}`, `ended with ${code}\n${started.output()}`)
    }
    console.log(`[show] ${runtime.padEnd(8)} ${passed - before} cases of files; ${figures.join('; ')}`)
  }
} finally {
  if (mounted) execFileSync('umount', [small])
  await server.close()
}
record('files', passed, failed)
