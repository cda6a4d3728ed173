import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const bun = fileURLToPath(new URL('../../runtimes/node_modules/@oven/bun-linux-x64/bin/bun', import.meta.url))
const run = (args, options = {}) =>
  execFileSync(bun, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })

export const version = run(['--version']).trim()

/** It has no build without tree shaking. */
export function bundle({ entry, outfile, runtime, dev, folder }) {
  const target = runtime === 'Bun' ? 'bun' : 'browser'
  const said = run(['build', entry, '--target', target, '--outfile', outfile, ...(dev ? [] : ['--minify'])], {
    cwd: folder,
  })
  // Its own account of what it made.
  return said
    .split('\n')
    .filter((line) => line && !/^(Bundled \d+ modules? in|\s+\S+\.\w+\s+[\d.]+ [KM]?B\s)/.test(line))
}
