// The cases of files, on the packed tarball, in each runtime that has a disk. A pattern picks rows:
// `node --import tsx test/support/child.ts test/runtimes/files.runtime.ts Deno`.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { record } from '#test'
import { install, pack } from '../bundlers/pack.ts'
import { createLimit } from '../support/createLimit.ts'
import { serveFiles } from '../unit/client/node/serveFiles.ts'
import { bunPath, command, denoPath, nodePath, usualNodes } from './command.ts'

const app = resolve('.tmp/files')
const limitMs = 180_000
const [pattern = ''] = process.argv.slice(2)

const denoFlags = [
  ...['run', '--no-prompt', '--node-modules-dir=manual', '--no-lock'],
  ...['--allow-net=127.0.0.1', `--allow-read=${app}`, `--allow-write=${app}`],
  ...['--allow-env=FLOWSCALE_SMALL_DISK', '--allow-sys=uid'],
]
const rows: [runtime: string, binary: string, flags: string[]][] = [
  ...usualNodes.map((major): [string, string, string[]] => [`Node ${major}`, nodePath(major), []]),
  ['Deno', denoPath(), denoFlags],
  ['Bun', bunPath(), []],
]
/** What is in front of each command; files of 600 blocks of 512 bytes are the largest that `disk` may write. */
const parts = { cases: 'exec', large: 'exec', disk: 'ulimit -f 600; exec' }

async function prepare(): Promise<void> {
  rmSync(app, { recursive: true, force: true })
  mkdirSync(app, { recursive: true })
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
function mountSmall(small: string): boolean {
  mkdirSync(small, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

await prepare()
/** Memory is measured by collecting garbage all the time, which is work. */
const alone = createLimit(1)
let passed = 0
const failed: { name: string; error: string }[] = []
const fail = (name: string, error: string) => failed.push({ name, error })

/** In a folder and on a server of its own. */
async function play([runtime, binary, flags]: (typeof rows)[number]): Promise<void> {
  const folder = join(app, runtime.replace(' ', '-'))
  const small = join(folder, 'small')
  const mounted = mountSmall(small)
  const server = await serveFiles()
  const figures: string[] = []
  let own = 0
  try {
    for (const [part, limit] of Object.entries(parts)) {
      // Deno dies of the limit.
      const prefix = runtime === 'Deno' ? 'exec' : limit
      const args = [binary, ...flags, '../files.mjs', server.api, server.files, part]
      const run = async () => {
        const started = command('sh', ['-c', `${prefix} "$@"`, 'sh', ...args], folder, {
          DENO_DIR: join(app, '.deno'),
          DENO_NO_UPDATE_CHECK: '1',
          FLOWSCALE_SMALL_DISK: mounted ? small : '',
        })
        const timer = setTimeout(() => started.end(), limitMs)
        const code = await started.exit
        clearTimeout(timer)
        return { code, output: started.output() }
      }
      const { code, output } = await (part === 'large' ? alone(run) : run())
      let played = 0
      for (const line of output.split('\n')) {
        const told = line.startsWith('{') ? JSON.parse(line) : { said: line }
        if (told.passed || told.skipped) played++
        if (told.passed) own++
        if (told.figure) figures.push(told.figure)
        if (told.skipped) console.log(`[show] ${runtime}: not played: ${told.skipped}: ${told.reason}`)
        if (told.failed) fail(`${runtime}: ${told.failed}`, told.error)
      }
      // By itself: a file or a timer left behind would hold it.
      if (code !== 0 || !played) fail(`${runtime}, ${part}`, `ended with ${code}\n${output}`)
    }
    console.log(`[show] ${runtime.padEnd(8)} ${own} cases of files; ${figures.join('; ')}`)
  } finally {
    passed += own
    if (mounted) execFileSync('umount', [small])
    await server.close()
  }
}

// They wait for most of their time.
const limit = createLimit(4)
const chosen = rows.filter(([runtime]) => runtime.toLowerCase().includes(pattern.toLowerCase()))
await Promise.all(chosen.map((row) => limit(() => play(row))))
record('files', passed, failed)
