// `npm run test:gateway [-- --big]`: the hard tests of the gateway, with their figures: conformance, attacks, disasters and
// large files. `--big` moves a gigabyte instead of 128 MB. Ends with `N passed, N failed`.
import { parseArgs } from 'node:util'
import { ensureBuilt } from './lib/ensure.mjs'
import { runFile } from './test/runFile.ts'

const { values } = parseArgs({ options: { big: { type: 'boolean', default: false } } })
ensureBuilt()
let passed = 0
let failed = 0
for (const name of ['conformance', 'attacks', 'disasters', 'big']) {
  const outcome = await runFile(`test/gateway/${name}.test.ts`, values.big ? { BIG_MB: '1024' } : {})
  passed += outcome.passed
  failed += outcome.failed
  console.log(
    `${outcome.failed ? '✖' : '✔'} ${name}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.seconds.toFixed(1)} s`,
  )
  for (const [, line] of outcome.output.matchAll(/\[show\] ?(.*)$/gm)) console.log(`  ${line}`)
  if (outcome.failed) console.log(outcome.output)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed || !passed ? 1 : 0
