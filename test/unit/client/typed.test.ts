// Workflows with types: their definition, how outputs find their names, and what reaches the functions below.
import { inspect } from 'node:util'
import { ArgumentError, isFlowScaleError, ResponseError } from '@flowscale/client'
import type { ResultOutput, RunResult } from '@flowscale/client/poller'
import { defineWorkflow, nameOutputs, run, runMany, submit } from '@flowscale/client/typed'
import { assert, rejects, suite, throws } from '#test'
import { clientWith } from '../../support/clientWith.ts'
import { fakeFetch, ok } from '../../support/fakes.ts'

const test = suite('typed')

const output = (filename: string): ResultOutput => ({
  filename,
  download_url: `https://files.test/${filename}?signature=s3cret`,
  generation_status: 'success',
})
const resultOf = (...names: string[]): RunResult => {
  const outputs = names.map(output)
  return { status: 'success', data: outputs, runId: 'r', outputs }
}
/** The files by name. */
const named = (names: string[], ...files: string[]) => {
  const { outputs } = nameOutputs(defineWorkflow('w', names), resultOf(...files))
  return Object.entries(outputs).map(([name, list]) => [name, list.map(({ filename }) => filename)])
}

test('defineWorkflow: frozen, a copy, and checked', () => {
  const names = ['a', 'b']
  const workflow = defineWorkflow('w', names)
  names.push('c')
  assert.equal(workflow, { id: 'w', outputNames: ['a', 'b'] })
  assert.ok(Object.isFrozen(workflow) && Object.isFrozen(workflow.outputNames))
  assert.equal(defineWorkflow('w', []).outputNames, [])
  for (const id of ['', '.', '..', 5, undefined, null, '\ud800']) {
    throws(() => defineWorkflow(id as string, ['a']), ArgumentError)
  }
  for (const list of [undefined, null, 'a', ['a', ''], ['a', 'a'], [5], [null], { 0: 'a', length: 1 }]) {
    throws(() => defineWorkflow('w', list as string[]), ArgumentError)
  }
})

test('the name of each output', () => {
  const rows: [names: string[], files: string[], expected: [string, string[]][]][] = [
    // One name: whatever the files are called.
    [
      ['image_output'],
      ['filename_prefix_58358_5WWF7GQUYF.png', ''],
      [['image_output', ['filename_prefix_58358_5WWF7GQUYF.png', '']]],
    ],
    [['a'], [], [['a', []]]],
    [[], [], []],
    // Several: the file is the name, or begins with it and `_`, `.` or `-`.
    [
      ['a', 'b'],
      ['b.png', 'a_1.png', 'a-2', 'a', 'b_r_2.png'],
      [
        ['a', ['a_1.png', 'a-2', 'a']],
        ['b', ['b.png', 'b_r_2.png']],
      ],
    ],
    // None was made for it.
    [
      ['a', 'b'],
      ['b'],
      [
        ['a', []],
        ['b', ['b']],
      ],
    ],
    [
      ['a', 'b'],
      [],
      [
        ['a', []],
        ['b', []],
      ],
    ],
    // The longest.
    [
      ['image', 'image_2'],
      ['image_r.png', 'image_2_r.png', 'image_2.png', 'image_r_2.png', 'image_20_r.png'],
      [
        ['image', ['image_r.png', 'image_r_2.png', 'image_20_r.png']],
        ['image_2', ['image_2_r.png', 'image_2.png']],
      ],
    ],
    [
      ['a', 'a_b', 'a_b_c'],
      ['a_b_c_d', 'a_b_d', 'a_c'],
      [
        ['a', ['a_c']],
        ['a_b', ['a_b_d']],
        ['a_b_c', ['a_b_c_d']],
      ],
    ],
    // With an extension in the name.
    [
      ['a.png', 'a'],
      ['a.png', 'a.jpg'],
      [
        ['a.png', ['a.png']],
        ['a', ['a.jpg']],
      ],
    ],
    // Signs that mean something to a pattern.
    [
      ['a+', 'a(b', '[x]'],
      ['a+_1', 'a(b.png', '[x]-2'],
      [
        ['a+', ['a+_1']],
        ['a(b', ['a(b.png']],
        ['[x]', ['[x]-2']],
      ],
    ],
    // Names that every object has.
    [
      ['__proto__', 'constructor', 'toString'],
      ['__proto___1.png', 'constructor.png'],
      [
        ['__proto__', ['__proto___1.png']],
        ['constructor', ['constructor.png']],
        ['toString', []],
      ],
    ],
  ]
  for (const [names, files, expected] of rows) assert.equal(named(names, ...files), expected, names.join())
})

test('a name is a field of its own, and the rest of the result stays', () => {
  const result = resultOf('__proto___1', 'b_1')
  const typed = nameOutputs(defineWorkflow('w', ['__proto__', 'b']), result)
  assert.ok(Object.hasOwn(typed.outputs, '__proto__'))
  assert.is(typed.outputs.b?.[0], result.outputs[1])
  assert.equal([typed.status, typed.runId, typed.data], ['success', 'r', result.data])
  assert.is(result.outputs.length, 2)
})

test('an output that fits no name: the error has all of them', () => {
  const rows: [names: string[], files: string[], odd: string][] = [
    [['left', 'right'], ['left_1.png', 'filename_prefix_1.png', 'x.png'], 'filename_prefix_1.png,x.png'],
    [['a', 'b'], ['ab.png'], 'ab.png'],
    [['a', 'b'], ['A_1.png'], 'A_1.png'],
    [['a', 'b'], ['a 1.png'], 'a 1.png'],
    [['a', 'b'], [''], ''],
    [[], ['a.png'], 'a.png'],
  ]
  for (const [names, files, odd] of rows) {
    const result = resultOf(...files)
    const error = throws(() => nameOutputs(defineWorkflow('w', names), result), ResponseError)
    assert.is(isFlowScaleError(error), true)
    assert.equal([error.code, error.runId], ['ERR_FLOWSCALE_RESPONSE', 'r'])
    assert.is(error.result, result)
    assert.ok(
      error.message.startsWith(`Output ${odd} of run r fits no name in outputNames (${names})`),
      error.message,
    )
    assert.match(error.message, /declare the start .*error\.result/)
    const { status, method, url, body, requestId, response } = error
    assert.equal([status, method, url, body, error.errors], [200, 'GET', '', null, []])
    assert.equal([requestId, response], [null, undefined])
    // The links are signed.
    assert.not.match(JSON.stringify(error) + inspect(error, { showHidden: true, depth: 9 }), /s3cret/)
    assert.not.ok(Object.keys(error).includes('result'))
  }
})

test('bad arguments cost no request', async () => {
  const fetch = fakeFetch(ok({}))
  const client = clientWith(fetch)
  const workflow = defineWorkflow('w', ['a'])
  const wrong = [
    undefined,
    null,
    'w',
    {},
    { id: 'w' },
    { id: 'w', outputNames: ['', 'a'] },
    { id: 'w', outputNames: 'a' },
  ]
  for (const value of wrong) {
    for (const call of [run, submit, runMany] as any[]) {
      await rejects(call(client, value, {}), ArgumentError)
    }
    throws(() => nameOutputs(value as never, resultOf()), ArgumentError)
  }
  for (const result of [undefined, null, {}, { outputs: {} }, 'r']) {
    throws(() => nameOutputs(workflow, result as never), ArgumentError)
  }
  for (const options of [{ onResult: 5 }, { odd: 1 }, null, 'x']) {
    await rejects((runMany as any)(client, workflow, [{}], options), ArgumentError)
  }
  await rejects((run as any)(client, workflow, {}, { odd: 1 }), ArgumentError)
  await rejects((run as any)(client, { id: '', outputNames: [] }, {}), ArgumentError)
  await rejects((runMany as any)({}, workflow, [{}]), ArgumentError)
  assert.is(fetch.calls.length, 0)
})
