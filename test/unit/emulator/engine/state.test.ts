import type { RunUpdate } from '@flowscale/emulator'
import { assert, suite, throws } from '#test'
import { until } from '../../../support/until.ts'
import { type Api, DIALECTS, ended, gates, OUTPUT_NAME, open } from '../kit.ts'

const test = suite('watch')
let api: Api

test.after.each(() => api.close())

function told(updates: RunUpdate[], id?: string): string[] {
  return updates
    .filter((update) => id === undefined || update.run_id === id)
    .map(({ status, progress }) => `${status} ${progress}`)
}

for (const dialect of DIALECTS) {
  test(`every change of a run once, in order, and its names, ${dialect}`, async () => {
    const gate = gates()
    api = await open('emulator.fetch', { dialect, workflows: [gate.workflow] })
    const updates: RunUpdate[] = []
    api.emulator.watch((update) => void updates.push(update))
    const id = await api.run('gate', { label: 'a' })
    assert.equal(told(updates), ['queued 0', 'running 0'])
    await until(() => updates.length === 3)
    gate.release('a')
    const run = await ended(api, id)
    assert.equal(told(updates), ['queued 0', 'running 0', 'running 0.5', 'completed 1'])
    assert.ok(updates.every(({ run_id }) => run_id === id))
    const shown = run.outputs.map(({ filename }: { filename: string }) => filename)
    const names = updates.map(({ output_names }) => output_names)
    if (dialect === 'python') {
      assert.equal(names, [[], run.output_names, run.output_names, run.output_names])
      assert.match(run.output_names[0], OUTPUT_NAME)
    } else {
      assert.equal(names, [[], [], [], shown])
      assert.match(shown[0], /\.txt$/)
    }
    assert.equal(api.emulator.stateOf(id), updates.at(-1))
  })
}

test('what does not change is not told', async () => {
  const workflow = {
    id: 'steps',
    name: 'Steps',
    description: 'Tells its progress',
    inputs: {},
    outputs: {},
    run(_: unknown, { progress }: { progress(fraction: number): void }) {
      for (const fraction of [0, 0.25, 0.25, Number.NaN, 0.2, -5, 7, 1]) progress(fraction)
      return {}
    },
  }
  api = await open('emulator.fetch', { workflows: [workflow] })
  const updates: RunUpdate[] = []
  api.emulator.watch((update) => void updates.push(update))
  await ended(api, await api.run('steps'))
  assert.equal(told(updates), [
    'queued 0',
    'running 0',
    'running 0.25',
    'running 0.2',
    'running 0',
    'running 1',
    'completed 1',
  ])
})

test('failed and cancelled runs, also from the queue, and by close()', async () => {
  api = await open('emulator.fetch', { containers: 1 })
  const updates: RunUpdate[] = []
  api.emulator.watch((update) => void updates.push(update))
  const failed = await api.run('fa1lsa1ways0')
  await ended(api, failed)
  assert.equal(told(updates, failed), ['queued 0', 'running 0', 'failed 0'])
  const [first, second, third] = [
    await api.run('nev3rend5run'),
    await api.run('nev3rend5run'),
    await api.run('nev3rend5run'),
  ]
  await api.post(`/api/v1/runs/${second}/cancel`)
  await api.post(`/api/v1/runs/${second}/cancel`)
  assert.equal(told(updates, second), ['queued 0', 'cancelled 0'])
  await api.post(`/api/v1/runs/${first}/cancel`)
  api.emulator.close()
  assert.equal(told(updates, first), ['queued 0', 'running 0', 'cancelled 0'])
  assert.equal(told(updates, third), ['queued 0', 'running 0', 'cancelled 0'])
  assert.is(updates.length, 11)
})

test('stateOf', async () => {
  api = await open('emulator.fetch', { dialect: 'python' })
  const { stateOf } = api.emulator
  assert.is(stateOf('x'), null)
  assert.is(stateOf('__proto__'), null)
  const id = await api.run('nev3rend5run')
  const { output_names } = await api.state(id)
  assert.equal(stateOf(id), { run_id: id, status: 'running', progress: 0, node: 'Never Ends', output_names })
})

test('a run that waits knows its place, one that runs its workflow', async () => {
  api = await open('emulator.fetch', { containers: 1 })
  const ids = [await api.run('nev3rend5run'), await api.run('nev3rend5run'), await api.run('nev3rend5run')]
  const places = () => ids.map((id) => api.emulator.stateOf(id)).map((run) => run!.node ?? run!.position)
  assert.equal(places(), ['Never Ends', 1, 2])
  await api.post(`/api/v1/runs/${ids[0]}/cancel`)
  assert.equal(places(), [undefined, 'Never Ends', 1])
})

test('a listener that has left hears nothing; one function may watch twice', async () => {
  api = await open('emulator.fetch')
  let count = 0
  const listener = (): void => void count++
  const first = api.emulator.watch(listener)
  const second = api.emulator.watch(listener)
  await api.run('nev3rend5run')
  assert.is(count, 4)
  first()
  first()
  await api.run('nev3rend5run')
  assert.is(count, 6)
  second()
  await api.run('nev3rend5run')
  assert.is(count, 6)
  throws(() => api.emulator.watch(null as never), TypeError)
})

test('a change that a listener makes comes after the one that it hears, for everybody', async () => {
  api = await open('emulator.fetch')
  const { emulator } = api
  const updates: RunUpdate[] = []
  emulator.watch(({ status }) => {
    if (status === 'queued') emulator.close()
  })
  emulator.watch((update) => void updates.push(update))
  const id = await api.run('nev3rend5run')
  assert.equal(told(updates), ['queued 0', 'cancelled 0'])
  assert.is((await api.state(id)).status, 'cancelled')
})

test('a listener that ends everything within the end of a run ends each run once', async () => {
  api = await open('emulator.fetch', { containers: 1 })
  const { emulator } = api
  const updates: RunUpdate[] = []
  for (let i = 0; i < 4; i++) await api.run('nev3rend5run')
  emulator.watch(({ status }) => {
    if (status === 'cancelled') emulator.close()
  })
  emulator.watch((update) => void updates.push(update))
  emulator.close()
  assert.equal(told(updates), ['cancelled 0', 'cancelled 0', 'cancelled 0', 'cancelled 0'])
  assert.is(new Set(updates.map(({ run_id }) => run_id)).size, 4)
})

test('a listener that throws disturbs neither the run nor the others', async () => {
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    api = await open('emulator.fetch')
    const updates: RunUpdate[] = []
    const fault = new Error('a faulty listener')
    const stop = api.emulator.watch(() => {
      throw fault
    })
    api.emulator.watch((update) => void updates.push(update))
    const id = await api.run('fa1lsa1ways0', { message: 'as it should' })
    assert.is((await ended(api, id)).error, 'as it should')
    stop()
    await until(() => unhandled.length === 3)
    assert.equal(told(updates), ['queued 0', 'running 0', 'failed 0'])
    assert.ok(unhandled.every((reason) => reason === fault))
  } finally {
    process.off('unhandledRejection', note)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
})

test('an ended run is told although it is dropped at once', async () => {
  api = await open('emulator.fetch', { maxRuns: 1 })
  const updates: RunUpdate[] = []
  api.emulator.watch((update) => void updates.push(update))
  const ids = [await api.run('fa1lsa1ways0'), await api.run('fa1lsa1ways0'), await api.run('fa1lsa1ways0')]
  await until(() => told(updates).filter((text) => text === 'failed 0').length === 3)
  assert.is(ids.filter((id) => api.emulator.stateOf(id)).length, 1)
})
