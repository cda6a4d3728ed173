import { setTimeout as wait } from 'node:timers/promises'
import type { FaultOptions } from '@flowscale/emulator'
import { assert, suite } from '#test'
import { pluck } from '../../../support/pluck.ts'
import { until } from '../../../support/until.ts'
import { type Api, ended, type Fields, form, gates, open, TRANSPORTS } from '../kit.ts'

const test = suite('pages of runs')

test('they leave nothing out, in the order that is asked for; the ended ones first by their ends', async () => {
  const gate = gates()
  const api = await open('emulator.fetch', { dialect: 'python', workflows: [gate.workflow], containers: 100 })
  const ids: string[] = []
  for (let i = 0; i < 25; i++) ids.push(await api.run('gate', { label: String(i) }, i % 2 ? 'odd' : 'even'))
  const list = async (query: string): Promise<string[]> =>
    pluck((await api.get(`/api/v1/runs?${query}`)).body.data.runs as any[], '_id')
  const pages = [await list('page=1'), await list('page=2'), await list('page=3'), await list('page=4')]
  assert.equal(pluck(pages, 'length'), [10, 10, 5, 0])
  assert.equal(pages.flat(), [...ids].reverse())
  assert.equal(await list('sort_order=asc&page_size=100'), ids)
  const odd = '/api/v1/runs?page=2&page_size=5&group_id=odd&sort_by=started_at&sort_order=asc'
  const { body } = await api.get(odd)
  assert.equal(pluck(body.data.runs as any[], '_id'), ids.filter((_, i) => i % 2).slice(5, 10))
  assert.equal([body.meta.total_count, body.meta.total_pages], [12, 3])

  await wait(0)
  for (const label of ['7', '3']) {
    gate.release(label)
    await ended(api, ids[Number(label)]!)
    // Another millisecond for the next one.
    await wait(2)
  }
  assert.equal((await list('sort_by=completed_at')).slice(0, 2), [ids[3], ids[7]])
  assert.equal((await list('sort_by=completed_at&sort_order=asc')).slice(0, 3), [ids[7], ids[3], ids[0]])
  await api.close()
})

const keys = suite('submissions with an Idempotency-Key')
let api: Api
keys.after.each(() => api.close())
const PATH = '/api/v1/runs?workflow_id='

for (const transport of TRANSPORTS) {
  keys(`one key is one run, whatever came of its first answer, ${transport}`, async () => {
    const faults: FaultOptions = {
      chance: 0,
      plan: ({ operation, number }) => (operation === 'executeWorkflow' ? PLAN[number - 1] : undefined),
    }
    const PLAN = [undefined, undefined, 'reset-late', 'http-429-seconds', 'http-503-late'] as const
    api = await open(transport, { faults, maxRuns: 1 })
    const { ledger, stats } = api.emulator
    const submit = async (key: string, fields: Fields, path = 't3xtwr1ter00') => {
      const init = { headers: { 'idempotency-key': key } }
      const { status, body } = await api
        .post(PATH + path, form(fields), init)
        .catch(() => ({ status: 0, body: {} }))
      return [status, body.data?.run_id, body.errors?.[0]]
    }
    const [fox, bird] = [{ prompt: 'a fox', words: '5' }, { prompt: 'a bird' }]
    const first = (await submit('k1', fox))[1]
    assert.equal(await submit('k1', { words: '5', prompt: 'a fox' }), [200, first, undefined])
    // The same faults as without a key.
    const lost = [await submit('k2', bird), await submit('k2', bird), await submit('k2', bird)]
    assert.equal(
      lost.map(([status]) => status),
      [0, 429, 503],
    )
    const second = ledger.runs[1]?.runId
    assert.equal(await submit('k2', bird), [200, second, undefined])

    const other = 'This Idempotency-Key was sent before with other inputs, or another workflow or group'
    for (const [key, fields, path] of [
      ['k1', bird],
      ['k1', fox, 't3xtwr1ter00&group_id=g'],
      ['k1', {}, 'fa1lsa1ways0'],
      ['k2', { prompt: new Blob(['a bird']) }],
    ] as const) {
      assert.equal(await submit(key, fields, path), [422, undefined, other])
    }
    // A refused submission keeps no key.
    assert.is((await submit('k3', { word: 'x' }))[0], 422)
    const third = (await submit('k3', fox))[1]
    assert.equal(pluck(ledger.runs, 'runId'), [first, second, third])

    // Neither a run that is forgotten nor the end of the emulator refuses a known key.
    await until(async () => (await api.get(`/api/v1/runs/${first}`)).status === 404)
    api.emulator.close()
    assert.equal(await submit('k1', fox), [200, first, undefined])
    assert.equal((await submit('k4', fox)).slice(0, 2), [503, undefined])
    assert.is(stats.runsStarted, 3)
  })

  keys(`of many at one moment, one starts a run, ${transport}`, async () => {
    api = await open(transport)
    const image = (byte: number) => new Blob([new Uint8Array(200_000).fill(byte)])
    const submit = (prompt: string, image_input = image(7)) =>
      api.post(`${PATH}a9bc45rt2kpm`, form({ prompt, image_input }), {
        headers: { 'idempotency-key': prompt },
      })
    const same = await Promise.all(Array.from({ length: 8 }, () => submit('oil')))
    const { body } = same[0]!
    assert.equal(pluck(same, 'body'), Array(8).fill(body))
    assert.equal(pluck(api.emulator.ledger.runs, 'runId'), [body.data.run_id])

    const different = await Promise.all([1, 2, 3].map((byte) => submit('ink', image(byte))))
    assert.equal(pluck(different, 'status').sort(), [200, 422, 422])
    assert.is(api.emulator.stats.runsStarted, 2)
  })
}
