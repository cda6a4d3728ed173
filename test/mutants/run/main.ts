// `npm run test:mutants [pattern]` puts each bug of test/mutants into a copy of the sources, and runs the test that should
// catch it. Ends with `N passed, N failed`. `-- --random 200 --seed 1` makes random bugs, and lists those that no test catches.
import { parseArgs } from 'node:util'
import { testRandom } from './testRandom.ts'
import { testRows } from './testRows.ts'

const { values, positionals } = parseArgs({
  options: {
    help: { type: 'boolean' },
    random: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
  allowPositionals: true,
})
if (values.help) {
  console.log(`npm run test:mutants                          all rows of test/mutants
npm run test:mutants -- WORD                  those with the word in their names
npm run test:mutants -- --random 200 --seed 1   random bugs, always the same for a seed`)
} else if (values.random) await testRandom(Number(values.random), Number(values.seed))
else await testRows(positionals[0] ?? '')
