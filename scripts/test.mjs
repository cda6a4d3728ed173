// `npm test [-- pattern …]`: from a fresh clone to `N passed, N failed`. Plain JavaScript, because a fresh clone has no
// packages. `--suite browser` is `npm run test:browser`, and so on.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import {
  chromium,
  ensureBuilt,
  ensureBundlers,
  ensureFrameworks,
  ensureInstalled,
  ensurePrograms,
  ensureRuntimes,
  ensureTypes,
  firefox,
  redis,
  root,
} from './lib/ensure.mjs'

ensureInstalled()
ensureBuilt()
if (process.argv.includes('browser') || process.argv.includes('upkeep')) ensurePrograms(chromium)
if (process.argv.includes('runtime')) {
  ensurePrograms(chromium, firefox, redis)
  ensureRuntimes()
}
if (process.argv.includes('bundler')) {
  ensurePrograms(chromium)
  ensureRuntimes()
  ensureBundlers()
}
if (process.argv.includes('frameworks')) {
  ensurePrograms(chromium)
  ensureRuntimes()
  ensureFrameworks()
}
if (process.argv.includes('types')) {
  ensureRuntimes()
  ensureTypes()
}
const runner = join(root, 'scripts/test/run.ts')
const { status } = spawnSync(process.execPath, ['--import', 'tsx', runner, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
