// Broken test files, each as the runner sees it: none of them may pass, and each failure has a name.
import { assert, suite } from '#test'
import { checkMessages } from '../../../scripts/test/messages.ts'
import { isLate, type Outcome, runAgain, runCommand, runFile } from '../../../scripts/test/runFile.ts'
import { transpile } from '../../../scripts/test/transpile.ts'
import { until } from '../../support/until.ts'

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
  [
    'lateToRead.ts',
    `while the file was read: no server, ${folder}/lateToRead.ts:4`,
    'the file: no test ran, and it ended with 1',
  ],
  [
    'lateAndExits.ts',
    `late > an event that does not come: no event, ${folder}/lateAndExits.ts:6`,
    'late > is left out: it did not run',
    'late > ends the process: it did not end',
  ],
  [
    'lateRejects.ts',
    `late > leaves a promise: a rejected promise that nobody awaits: no event, ${folder}/lateRejects.ts:6`,
  ],
  ['leaves.ts', 'the file: it ended with 0, and left a process that holds its output'],
]
/** Time alone made these fail. */
const lateFiles = ['hangs.ts', 'late.ts', 'lateServer.ts', 'lateToRead.ts']
const isGone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
const files = rows.map(([file]) => `${folder}/${file}`)
const transpiled = await transpile(files)

for (const [file, ...expected] of rows) {
  test(file, async () => {
    const outcome = await runFile(transpiled, `${folder}/${file}`, { limitMs: 1000 })
    const { failures } = outcome
    const told = failures.map(({ place, message, at }) => `${place}: ${message}${at ? `, ${at}` : ''}`)
    assert.equal(told, expected)
    assert.is(isLate(outcome), lateFiles.includes(file))
    const [, group] = /group (\d+)/.exec(outcome.output) ?? []
    if (group) await until(() => isGone(Number(group)))
  })
}

/** What a test file would tell if it failed so often, or said this in a case. */
const outcomeOf = (name: string, failed: number, code = '', text = ''): Outcome => {
  const said = new Map([['a suite > a case', [{ code, text }]]])
  return { name, passed: 1, failed, failures: [], seconds: 1, output: '', looks: 0, said }
}

test('what runs once more is flaky if it passes then', async () => {
  const outcomes = ['good', 'late', 'later'].map((name) => outcomeOf(name, name === 'good' ? 0 : 2))
  const isAgain = ({ failed }: Outcome) => failed > 0
  const flaky = await runAgain(outcomes, isAgain, async ({ name }) =>
    outcomeOf(name, name === 'late' ? 0 : 1),
  )
  assert.equal(flaky, [outcomeOf('late', 2)])
  assert.equal(
    outcomes.map(({ failed }) => failed),
    [0, 0, 1],
  )
})

test('a message has to be in the list of its package, with its code', () => {
  const odd = (code: string, text: string, name = 'test/unit/client/any.test.ts') =>
    checkMessages(outcomeOf(name, 0, code, text)).map(({ place }) => place)
  const code = 'ERR_FLOWSCALE_ARGUMENT'
  for (const text of ['signal must be an AbortSignal', 'page must be a whole number from 7'])
    assert.equal(odd(code, text), [])
  const place = ['a suite > a case']
  assert.equal(odd(code, 'signal must be a signal'), place)
  assert.equal(odd('ERR_FLOWSCALE_HTTP', 'signal must be an AbortSignal'), place)
  assert.equal(odd('no code', 'anything', 'test/command/any.test.ts'), [])
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
