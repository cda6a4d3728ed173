// `npm test [-- pattern]`: from a fresh clone to `N passed, N failed`. Plain JavaScript, as nothing may be
// installed yet. `--suite browser` is `npm run test:browser`, and so on.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import {
  chromium,
  ensureBrowsers,
  ensureBuilt,
  ensureBundlers,
  ensureFrameworks,
  ensureInstalled,
  ensureRuntimes,
  ensureTypes,
  firefox,
  root,
} from './lib/ensure.mjs'

ensureInstalled()
ensureBuilt()
if (process.argv.includes('browser')) ensureBrowsers(chromium)
if (process.argv.includes('runtime')) {
  ensureBrowsers(chromium, firefox)
  ensureRuntimes()
}
if (process.argv.includes('bundler')) {
  ensureBrowsers(chromium)
  ensureRuntimes()
  ensureBundlers()
}
if (process.argv.includes('frameworks')) {
  ensureBrowsers(chromium)
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
