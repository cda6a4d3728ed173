// Broken test files, each as the runner sees it: none of them may pass, and each failure has a name.
import { assert, suite } from '#test'
import { type Outcome, runCommand, runFile, runLateAgain } from '../../../scripts/test/runFile.ts'
import { transpile } from '../../../scripts/test/transpile.ts'

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
  [
    'late.ts',
    `late > an event that does not come: no event, ${folder}/late.ts:7`,
    `late > a page that does not load: no page, ${folder}/late.ts:10`,
  ],
  [
    'lateServer.ts',
    `late > before: no server, ${folder}/lateServer.ts:6`,
    'late > never reached: it did not run',
  ],
  [
    'lateAndWrong.ts',
    `late > an event that does not come: no event, ${folder}/lateAndWrong.ts:6`,
    `late > a value: Expected values to be strictly equal:, ${folder}/lateAndWrong.ts:8`,
  ],
]
const outcomes: Outcome[] = []
const files = rows.map(([file]) => `${folder}/${file}`)
const transpiled = await transpile(files)

for (const [file, ...expected] of rows) {
  test(file, async () => {
    const outcome = await runFile(transpiled, `${folder}/${file}`, { limitMs: 1000 })
    const { failures } = outcome
    const told = failures.map(({ place, message, at }) => `${place}: ${message}${at ? `, ${at}` : ''}`)
    assert.equal(told, expected)
    outcomes.push(outcome)
  })
}

test('what failed by time alone runs once more, and is flaky if it passes then', async () => {
  const again: string[] = []
  const flaky = await runLateAgain(outcomes, async (outcome) => {
    again.push(outcome.name.slice(folder.length + 1))
    return again.length === 1 ? outcome : { ...outcome, failed: 0, failures: [] }
  })
  assert.equal(again, ['hangs.ts', 'late.ts', 'lateServer.ts'])
  assert.equal(
    flaky.map(({ name, failed }) => [name, failed]),
    [
      [`${folder}/late.ts`, 2],
      [`${folder}/lateServer.ts`, 2],
    ],
  )
  // `hangs.ts` failed again.
  assert.is(outcomes.filter(({ failed }) => failed).length, rows.length - 2)
})

test('values stand beside a failure; a case runs alone', async () => {
  const { failures, passed } = await runFile(transpiled, `${folder}/values.ts`, { only: 'not ok' })
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
