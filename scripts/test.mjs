// `npm test`: from a fresh clone to `N passed, N failed`. Plain JavaScript, because a fresh clone has no packages.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureInstalled, root } from './lib/ensure.mjs'

const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log(`npm test                       all unit tests, the checks and the coverage
npm test -- WORD …             the test files and checks with one of the words in their names
npm test -- WORD --case TEXT   of these files the cases with the text in their names
npm test -- --changed          the test files that a change since the last commit touches
npm test -- WORD --messages    writes what the errors of these files say into test/unit/*/messages.txt
npm test -- --list             the names of test files and checks
npm test -- --suite NAME       another suite than unit: browser, bundler, chaos, comfyui, frameworks, runtime, servers or types
                               (chaos: --seed N, --long; comfyui: --url ADDRESS …, --trouble COMMAND)
npm test -- --verbose          also the figures that tests print`)
  process.exit()
}
ensureInstalled()
const runner = join(root, 'scripts/test/run.ts')
const { status } = spawnSync(process.execPath, ['--import', 'tsx', runner, ...args], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
