// `npm run test:mutants [pattern]` puts each bug of test/mutants into a copy of the sources, and runs the test that should
// catch it. Ends with `N passed, N failed`. `-- --random 200 --seed 1` makes random bugs, and lists those that no test catches.
import { parseArgs } from 'node:util'
import { testRandom } from './testRandom.ts'
import { testRows } from './testRows.ts'

const { values, positionals } = parseArgs({
  options: { random: { type: 'string' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
})
if (values.random) await testRandom(Number(values.random), Number(values.seed))
else await testRows(positionals[0] ?? '')
