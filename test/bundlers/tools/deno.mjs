import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const path = (below) => fileURLToPath(new URL(below, import.meta.url))
const deno = path('../../runtimes/node_modules/@deno/linux-x64-glibc/deno')
// It bundles with an esbuild that it would download.
const cache = path('../node_modules/.deno')
mkdirSync(`${cache}/dl/esbuild-0.25.5-1`, { recursive: true })
copyFileSync(
  path('../node_modules/esbuild-of-deno/bin/esbuild'),
  `${cache}/dl/esbuild-0.25.5-1/esbuild-linux-x64`,
)

function run(args, cwd) {
  const env = { ...process.env, DENO_DIR: cache, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(deno, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stripVTControlCharacters(`${stdout}${stderr}`)
}

export const version = /deno ([\d.]+)/.exec(run(['--version']))[1]

/** It has no build without tree shaking. */
export function bundle({ entry, outfile, runtime, dev, folder }) {
  const platform = runtime === 'Deno' ? 'deno' : 'browser'
  const options = [
    '--platform',
    platform,
    '--node-modules-dir=manual',
    '--no-lock',
    ...(dev ? [] : ['--minify']),
  ]
  const said = run(['bundle', ...options, '-o', outfile, entry], folder)
  // Its own account of what it made.
  return said
    .split('\n')
    .filter(
      (line) =>
        line.trim() &&
        !/^(⚠️ +deno bundle is experimental|Bundled \d+ modules? in|\s+\S+\.\w+ [\d.]+[KM]?B)/.test(line),
    )
}
