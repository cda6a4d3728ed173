// Broken test files, each as the runner sees it: none of them may pass, and each failure has a name.
import { assert, suite } from '#test'
import { runCommand, runFile } from '../../../scripts/test/runFile.ts'

const test = suite('runner')
const folder = 'test/unit/scripts/broken'

const rows: [file: string, ...failures: string[]][] = [
  [
    'before.ts',
    `a hook that throws > before: no database, ${folder}/before.ts:5`,
    'a hook that throws > never reached: it did not run',
  ],
  [
    'forgotten.ts',
    'has no case: it has no case',
    'runs > passes: the suite too late was declared too late to run',
    `was never started by hand > fails: Expected values to be deeply equal:, ${folder}/forgotten.ts:10`,
  ],
  ['exits.ts', 'exits > ends the process: it did not end', 'exits > comes after: it did not run'],
  [
    'hangs.ts',
    'hangs > waits for ever: it did not end',
    "the file: it was stopped after 1 s without a case's end",
  ],
  ['waits.ts', 'waits > for nothing that could come: it did not end'],
  [
    'rejects.ts',
    `rejects > leaves a promise: a rejected promise that nobody awaits: nobody awaits this, ${folder}/rejects.ts:5`,
  ],
  [
    'values.ts',
    `values > is not ok: Expected value to be truthy, ${folder}/values.ts:7`,
    `values > after each "is not ok": not cleaned up, ${folder}/values.ts:5`,
    "values > is no error: 'a text' was thrown",
    `values > after each "is no error": not cleaned up, ${folder}/values.ts:5`,
  ],
  ['nothing.ts', 'the file: no test ran, and it ended with 0'],
]
for (const [file, ...expected] of rows) {
  test(file, async () => {
    const { failures } = await runFile(`${folder}/${file}`, {}, 1000)
    const told = failures.map(({ place, message, at }) => `${place}: ${message}${at ? `, ${at}` : ''}`)
    assert.equal(told, expected)
  })
}

test('values stand beside a failure; a case runs alone', async () => {
  const { failures, passed } = await runFile(`${folder}/values.ts`, {}, 1000, undefined, 'not ok')
  assert.is(passed, 0)
  assert.equal(
    failures.map(({ details }) => details?.split('\n')[0]),
    ['Actual:   0', 'Error: not cleaned up'],
  )
})

const start = (...args: string[]) =>
  runCommand(process.execPath, ['--import', 'tsx', 'scripts/test/run.ts', ...args])

test('an unknown name is refused, and nothing runs', async () => {
  for (const [args, named] of [
    [['runer'], 'runer'],
    [['--suite', 'brwser'], 'browser'],
  ] as const) {
    const { code, output } = await start(...args)
    assert.is(code, 2)
    assert.is(output.trim().split('\n').length, 1)
    assert.match(output, named)
  }
})

test('a list runs nothing', async () => {
  const { code, output } = await start('--list', 'scripts/runner')
  assert.is(code, 0)
  assert.is(output, 'test/unit/scripts/runner.test.ts\n')
})
