// `npm start`: from a fresh clone to a generated image. Plain JavaScript, because a fresh clone has no packages.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root } from './lib/ensure.mjs'

ensureInstalled()
ensureBuilt()
const demo = join(root, 'scripts/demo/main.ts')
const { status } = spawnSync(process.execPath, ['--import', 'tsx', demo, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() },
})
process.exit(status ?? 1)
