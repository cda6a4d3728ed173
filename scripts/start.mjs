// `npm start`: from a fresh clone to a generated image. Plain JavaScript, because a fresh clone has no packages.
import { spawnSync } from 'node:child_process'
import { ensureBuilt, ensureInstalled, root } from './lib/ensure.mjs'

ensureInstalled()
ensureBuilt()
const args = process.argv.slice(2)
const demo = args[0] === '--gateway' ? ['gateway.mjs', ...args.slice(1)] : ['main.ts', ...args]
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', `scripts/demo/${demo[0]}`, ...demo.slice(1)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() },
  },
)
process.exit(status ?? 1)
