// `npm run test:mutants [pattern]` puts each bug of test/mutants into a copy of the sources, and runs the test that should
// catch it. Ends with `N passed, N failed`.
import { testRows } from './testRows.ts'

await testRows(process.argv[2] ?? '')
