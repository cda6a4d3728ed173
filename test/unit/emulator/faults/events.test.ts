// The events of a run: of the emulator's own runs, and under its faults.
import type { EmulatorOptions, FaultKind, FaultOptions, FaultRequest } from '@flowscale/emulator'
import { assert, suite } from '#test'
import { faultTable } from '../../../../packages/emulator/src/faults/table.ts'
import { type Came, eventsOf, idsOf } from '../../../support/eventsOf.ts'
import { fakeClock } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { type Api, type Gates, gates, open, TRANSPORTS, type Transport } from '../kit.ts'
import { KEY } from '../node/dial.ts'

const test = suite('events of the emulator')
const HEADERS = { 'X-API-KEY': KEY }
let gate: Gates

let api: Api
async function start(transport: Transport, options: EmulatorOptions): Promise<Api> {
  gate = gates()
  api = await open(transport, { containers: 1, workflows: [gate.workflow], ...options })
  return api
}
test.after.each(() => api.close())

const events = async (api: Api, id: string, init: RequestInit = {}): Promise<AsyncGenerator<Came, void>> => {
  const answer = await api.fetch(`${api.url}/api/v1/runs/${id}/events`, { headers: HEADERS, ...init })
  assert.is(answer.status, 200)
  return eventsOf(answer)
}

async function next(came: AsyncGenerator<Came, void>): Promise<string> {
  const { value, done } = await came.next()
  assert.not(done, 'the stream has ended')
  return value!.id ?? `: ${value!.comment}`
}

/** Only the events meet the fault. */
const ofEvents = (kind: FaultKind): FaultOptions => ({
  plan: ({ operation }: FaultRequest) => (operation === 'connectEvents' ? kind : undefined),
})

const begun = (label: string): Promise<unknown> => until(() => gate.begun.includes(label))

for (const transport of TRANSPORTS) {
  test(`${transport}: a run from its place in the queue to its end`, async () => {
    await start(transport, {})

    await api.run('gate', { label: 'a' })
    await api.run('gate', { label: 'b' })
    const id = await api.run('gate', { label: 'c' })
    await begun('a')
    const came = await events(api, id)
    assert.is(await next(came), 'queued 2')
    gate.release('a')
    await begun('b')
    assert.is(await next(came), 'queued 1')
    gate.release('b')
    await begun('c')
    const steps = [await next(came)]
    if (steps[0] === 'running 0') steps.push(await next(came))
    assert.is(steps.at(-1), 'running 0.5')
    gate.release('c')
    const { value } = await came.next()
    assert.equal(value!.id, 'completed')
    const { outputs } = await api.state(id)
    assert.equal(value!.data, {
      run_id: id,
      status: 'completed',
      progress: 1,
      output_names: outputs.map(({ filename }: { filename: string }) => filename),
    })
    assert.ok((await came.next()).done)
  })

  test(`${transport}: a run that fails, one that is cancelled, and those that the emulator's close cancels`, async () => {
    await start(transport, { containers: 3 })

    assert.is((await idsOf(await events(api, await api.run('fa1lsa1ways0')))).at(-1), 'failed')
    const cancelled = await api.run('nev3rend5run')
    const first = await events(api, cancelled)
    await next(first)
    await api.post(`/api/v1/runs/${cancelled}/cancel`)
    assert.is((await idsOf(first)).at(-1), 'cancelled')
    const second = await events(api, await api.run('nev3rend5run'))
    await next(second)
    api.emulator.close()
    assert.is((await idsOf(second)).at(-1), 'cancelled')
  })

  test(`${transport}: requests and keys are counted as elsewhere`, async () => {
    await start(transport, {})

    const id = await api.run('t3xtwr1ter00', { prompt: 'x' })
    const { stats, ledger } = api.emulator
    const [requests, keys] = [stats.requests, ledger.keys.header]
    await idsOf(await events(api, id))
    const path = `${api.url}/api/v1/runs/${id}/events?api_key=${KEY}`
    assert.is((await api.fetch(path)).status, 401)
    assert.equal([stats.requests, ledger.keys.header], [requests + 2, keys + 1])
    assert.equal(ledger.keys.elsewhere, { [`query of the API/api/v1/runs/${id}/events`]: 1 })
  })

  test(`${transport}: reset-midway breaks each stream after its first event, and a reader that comes again gets on`, async () => {
    await start(transport, { faults: ofEvents('reset-midway') })

    const id = await api.run('gate', { label: 'a' })
    await begun('a')
    async function read(): Promise<[ids: string[], error: string]> {
      const ids: string[] = []
      try {
        for await (const came of await events(api, id)) ids.push(came.id!)
        return [ids, '']
      } catch (error) {
        return [ids, (error as Error).message]
      }
    }
    for (let i = 0; i < 3; i++) {
      const [ids, error] = await read()
      assert.ok(/^(terminated|fetch failed)$/.test(error), error)
      // A reset may overtake what was sent before.
      assert.ok(['', 'running 0.5'].includes(ids.join()), ids.join())
      if (transport !== 'http') assert.equal(ids, ['running 0.5'])
    }
    assert.is(api.emulator.ledger.faults['reset-midway'], 3)
    gate.release('a')
    const end = await until(
      () => read(),
      ([ids]) => ids.join() === 'completed',
    )
    assert.is.not(end[1], '')
  })

  test(`${transport}: hang-body gives the first event, and nothing more`, async () => {
    await start(transport, { faults: ofEvents('hang-body') })

    const id = await api.run('gate', { label: 'a' })
    await begun('a')
    const aborter = new AbortController()
    const came = await events(api, id, { signal: aborter.signal })
    assert.is(await next(came), 'running 0.5')
    const more = came.next().then(
      () => 'more',
      (error: Error) => error.message,
    )
    gate.release('a')
    await until(async () => (await api.state(id)).status === 'completed')
    aborter.abort(new Error('gave up'))
    assert.is(await more, 'gave up')
  })
}

test('those that are followed tell their new place: behind the one that leaves, and only then', async () => {
  await start('emulator.fetch', {})

  const ids: string[] = []
  for (const label of ['a', 'b', 'c', 'd', 'e']) ids.push(await api.run('gate', { label }))
  const [, b, c, d, e] = ids as [string, string, string, string, string]
  const places: string[] = []
  await begun('a')
  const [before, behind] = [await events(api, b), await events(api, e)]
  assert.equal([await next(before), await next(behind)], ['queued 1', 'queued 4'])
  api.emulator.watch(({ run_id, status, position }) => {
    places.push(`${'abcde'[ids.indexOf(run_id)]} ${status}${position === undefined ? '' : ` ${position}`}`)
  })
  await api.post(`/api/v1/runs/${c}/cancel`)
  assert.is(await next(behind), 'queued 3')
  await api.post(`/api/v1/runs/${d}/cancel`)
  assert.is(await next(behind), 'queued 2')
  assert.equal(places, ['c cancelled', 'e queued 3', 'd cancelled', 'e queued 2'])
  gate.release('a')
  await begun('b')
  assert.is(await next(behind), 'queued 1')
  await behind.return()
  await before.return()
  // Nobody follows any more.
  places.length = 0
  gate.release('b')
  await begun('e')
  assert.equal(places, ['b completed', 'e running', 'e running'])
})

test('faults that change a whole JSON are none of a stream', () => {
  const fitting = Object.entries(faultTable)
    .filter(([, { operations }]) => operations.includes('connectEvents'))
    .map(([kind]) => kind)
  for (const kind of ['truncated', 'empty', 'bom', 'wrong-type', 'huge', 'missing-fields', 'wrong-fields']) {
    assert.not.ok(fitting.includes(kind), kind)
  }
})

test('drip sends the first event at a byte a second', async () => {
  await start('emulator.fetch', { faults: ofEvents('drip') })

  const id = await api.run('nev3rend5run')
  await until(async () => (await api.state(id)).status === 'running')
  const clock = fakeClock()
  try {
    const { body } = await api.fetch(`${api.url}/api/v1/runs/${id}/events`, { headers: HEADERS })
    const reader = body!.getReader()
    let got = ''
    const wanted = 'id: running 0\n'
    while (got !== wanted) {
      const read = reader.read()
      await clock.tickAsync(1000)
      const { value } = await read
      assert.is(value!.length, 1)
      got += String.fromCharCode(value![0]!)
      assert.ok(wanted.startsWith(got), got)
    }
    await reader.cancel()
  } finally {
    clock.uninstall()
  }
})
