import { RunError } from '@flowscale/client'
import { executeWorkflowAsync, waitForResult } from '@flowscale/client/poller'
import { assert } from '#test'
import { ok } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { everySecond, failure, notYet, output, pod, RUN, run, submitted, url, waitSuite } from './kit.ts'

const test = waitSuite('waitForResult')
const one = (filename: string) => ({ download_url: url(filename), generation_status: 'success' })
const file = (filename: string) => ({ filename, url: url(filename) })

test('gives one output as an object, in data, and as a list, in outputs', async ({ drive }) => {
  const { client, calls } = pod({ run: [run('running'), run('completed', { outputs: [file('a.png')] })] })
  const { value, ms } = await drive(waitForResult(client, RUN, everySecond))
  assert.equal(value, {
    status: 'success',
    data: one('a.png'),
    runId: RUN,
    outputs: [{ filename: 'a.png', ...one('a.png') }],
  })
  assert.is(ms, 1000)
  assert.equal(calls, ['run@0', 'run@1000'])
})

test('gives none as an empty list', async ({ drive }) => {
  const { value } = await drive(waitForResult(pod({ run: run('completed') }).client, RUN))
  assert.equal(value, { status: 'success', data: [], runId: RUN, outputs: [] })
})

test('asks for outputs that a run lists without a URL, and keeps the answer’s fields', async ({ drive }) => {
  const { client, calls } = pod({
    run: run('completed', {
      outputs: [{ filename: 'a.png' }, 'b.png', { s3_key: 'x' }, null, file('c.png')],
    }),
    output: { 'a.png': output('a.png', { size: 7 }), 'b.png': output('b.png') },
  })
  const { value } = await drive(waitForResult(client, RUN))
  assert.equal(value.outputs, [
    { ...one('a.png'), size: 7, filename: 'a.png' },
    { ...one('b.png'), filename: 'b.png' },
    { filename: 'c.png', ...one('c.png') },
  ])
  assert.equal(calls, ['run@0', 'output a.png@0', 'output b.png@0'])
})

test("takes an output with a URL and no name, and the server's filename for it", async ({ drive }) => {
  const { client } = pod({
    run: run('completed', { outputs: [{ url: url('x') }, { filename: 'a', url: '' }] }),
    output: output('a', { filename: 'a.png' }),
  })
  const { value } = await drive(waitForResult(client, RUN))
  assert.equal(
    value.outputs.map(({ filename, download_url }) => [filename, download_url]),
    [
      ['', url('x')],
      ['a.png', url('a')],
    ],
  )
})

test('an output that is final without an address is an output', async ({ drive }) => {
  const { client } = pod({
    run: run('completed', { output_names: ['a'] }),
    output: ok({ generation_status: 'completed' }),
  })
  const { value } = await drive(waitForResult(client, RUN))
  assert.equal(value.data, { download_url: null, generation_status: 'completed' })
})

test('names without an extension are no second output', async ({ drive }) => {
  const { client, calls } = pod({
    execute: submitted('one', 'two.png'),
    run: [
      run('running', { output_names: ['one.png', 'two'] }),
      run('completed', { outputs: [file('one.png'), file('two.png')] }),
    ],
  })
  const { value } = await drive(executeWorkflowAsync(client, 'w', {}, everySecond))
  assert.equal(pluck(value.outputs, 'filename'), ['one.png', 'two.png'])
  assert.equal(calls, ['execute@0', 'run@0', 'run@1000'])
})

test('names that differ by an extension and stand beside each other are two outputs', async ({ drive }) => {
  const { client, calls } = pod({
    run: run('completed', { output_names: ['img', 'img.mask'], outputs: [file('img.mask')] }),
    output: { img: [notYet(), output('img')] },
  })
  const { value, ms } = await drive(waitForResult(client, RUN, everySecond))
  assert.equal(pluck(value.outputs, 'filename'), ['img.mask', 'img'])
  assert.is(ms, 1000)
  assert.equal(calls, ['run@0', 'output img@0', 'run@1000', 'output img@1000'])
})

test('a name in the list is another output, although it looks like a known one', async ({ drive }) => {
  const { client } = pod({
    execute: submitted('img'),
    run: run('completed', { output_names: ['img', 'img.mask'] }),
    output: { img: output('img'), 'img.mask': output('img.mask') },
  })
  const { value } = await drive(executeWorkflowAsync(client, 'w', {}))
  assert.is(value.outputs.length, 2)
})

test('a longer name is another output, not an extension', async ({ drive }) => {
  const { client } = pod({
    execute: submitted('img'),
    run: run('completed', { outputs: [file('img_2.png'), file('img.mask.png')] }),
    output: output('img'),
  })
  const { value } = await drive(executeWorkflowAsync(client, 'w', {}))
  assert.is(value.outputs.length, 3)
})

test('takes names that come while the run is going, and leaves illegal ones', async ({ drive }) => {
  const { client, calls } = pod({
    run: [
      run('queued', { output_names: null }),
      run('running', { output_names: 'a' }),
      run('running', { output_names: ['a', '', 7, '..', 'b'] }),
      run('completed'),
    ],
    output: { a: output('a'), b: output('b') },
  })
  const { value } = await drive(waitForResult(client, RUN, { pollIntervalMs: 100 }))
  assert.equal(pluck(value.outputs, 'filename'), ['a', 'b'])
  assert.equal(calls.slice(-2), ['output a@300', 'output b@300'])
})

test('waits for outputs that come after the run, and asks for each until it is there', async ({ drive }) => {
  const { client, calls } = pod({
    run: run('completed', { output_names: ['a', 'b'] }),
    output: { a: [notYet(), output('a')], b: [failure(404), failure(408), failure(500), output('b')] },
  })
  const { value, ms } = await drive(waitForResult(client, RUN, everySecond))
  assert.equal(pluck(value.outputs, 'filename'), ['a', 'b'])
  assert.is(ms, 3000)
  assert.is(calls.filter((call) => call.startsWith('output a')).length, 2)
  assert.is(calls.filter((call) => call.startsWith('output b')).length, 4)
})

for (const later of ['running', 'queued', 'failed', 'cancelled', 'odd']) {
  test(`completed is not undone by ${later}`, async ({ drive }) => {
    const states: string[] = []
    const { client } = pod({
      run: [run('completed', { outputs: [{ filename: 'a' }] }), run(later)],
      output: [notYet(), notYet(), output('a')],
    })
    const onUpdate = ({ status }: { status: string }) => states.push(status)
    const { value } = await drive(waitForResult(client, RUN, { onUpdate }))
    assert.equal(states, ['completed'])
    assert.is(value.outputs.length, 1)
  })
}

test('another word for completed brings newer outputs, is no change, and loses none', async ({ drive }) => {
  const states: string[] = []
  const { client } = pod({
    run: [run('completed', { outputs: [{ filename: 'a' }] }), run('success', { outputs: [file('b')] })],
    output: [notYet(), output('a')],
  })
  const onUpdate = ({ status }: { status: string }) => states.push(status)
  const { value } = await drive(waitForResult(client, RUN, { onUpdate }))
  assert.equal(states, ['completed'])
  assert.equal(value.outputs.map(({ filename }) => filename).sort(), ['a', 'b'])
})

test('unknown words are not the end', async ({ drive }) => {
  const { client } = pod({ run: [run('paused'), run(''), ok({}), run('completed')] })
  assert.is((await drive(waitForResult(client, RUN, everySecond))).ms, 4000)
})

test('outputs that come a moment after the end are not lost; without any it ends then', async ({ drive }) => {
  const [none, late] = [run('completed'), run('completed', { outputs: [file('a.png')] })]
  for (const [options, replies, wanted, endMs] of [
    [everySecond, [none, late], ['a.png'], 1000],
    [everySecond, [none], [], 1000],
    [{ maxPolls: 2 }, [none], [], 100],
    [{}, [none, none, none, late], ['a.png'], 95],
    [{}, [none], [], 95],
  ] as const) {
    const { value, ms } = await drive(waitForResult(pod({ run: replies }).client, RUN, options))
    assert.equal([value.outputs.map(({ filename }) => filename), ms], [wanted, endMs])
  }
})

test('a 404 is the end once the server has given a state', async ({ drive }) => {
  const { client } = pod({ run: [run('running'), failure(404)] })
  const { error, ms } = await drive(waitForResult(client, RUN, everySecond))
  assert.equal([error.status, error.runId, ms], [404, RUN, 1000])
})

test('in the first five seconds after our own submission a 404 is not the end', async ({ drive }) => {
  const late = pod({
    execute: submitted('a'),
    run: [failure(404), failure(404), run('completed', { outputs: [file('a.png')] })],
  })
  const { value, ms } = await drive(executeWorkflowAsync(late.client, 'w', {}, everySecond))
  assert.equal([value.outputs.length, ms], [1, 2000])
  assert.equal(late.log.lines.filter(({ level }) => level === 'warn').length, 2)
  const never = pod({ execute: submitted('a'), run: failure(404) })
  const end = await drive(executeWorkflowAsync(never.client, 'w', {}, everySecond))
  assert.equal([end.error.status, end.error.runId, end.ms], [404, RUN, 5000])
})

test('an output that failed fails a completed run too, whose state stays', async ({ drive }) => {
  const states: string[] = []
  const { client } = pod({
    run: run('completed', { output_names: ['a'] }),
    output: ok({ generation_status: 'error' }),
  })
  const { error } = await drive(waitForResult(client, RUN, { onUpdate: (told) => states.push(told.status) }))
  assert.instance(error, RunError)
  assert.is(error.runId, RUN)
  assert.equal(states, ['completed'])
})

test('a run that failed without a word says so', async ({ drive }) => {
  const { error } = await drive(waitForResult(pod({ run: run('failed') }).client, RUN))
  assert.is(error.message, `Run ${RUN} failed: no reason given`)
  assert.equal(error.errors, [])
  const { error: cancelled } = await drive(waitForResult(pod({ run: run('cancelled') }).client, RUN))
  assert.is(cancelled.message, `Run ${RUN} was cancelled`)
})
