import { setTimeout as wait } from 'node:timers/promises'
import { assert, suite } from '#test'
import { pluck } from '../../../support/pluck.ts'
import { ended, gates, open } from '../kit.ts'

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
