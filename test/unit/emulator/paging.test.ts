import { assert, suite } from '#test'
import { pluck } from '../../support/pluck.ts'
import { type Api, ended, gates, open } from './kit.ts'

const test = suite('getRuns with paging (python)')
const gate = gates()
const ids: string[] = []
let api: Api

test.before(async () => {
  api = await open('emulator.fetch', { dialect: 'python', workflows: [gate.workflow], containers: 100 })
  for (let i = 0; i < 25; i++) ids.push(await api.run('gate', { label: String(i) }, i % 2 ? 'odd' : 'even'))
})
test.after(() => api.close())

async function list(query: string): Promise<string[]> {
  const { status, body } = await api.get(`/api/v1/runs?${query}`)
  assert.is(status, 200)
  return body.data.runs.map((run: { _id: string }) => run._id)
}

test('pages do not overlap and leave nothing out', async () => {
  const pages = [await list('page=1'), await list('page=2'), await list('page=3'), await list('page=4')]
  assert.equal(pluck(pages, 'length'), [10, 10, 5, 0])
  assert.equal(pages.flat(), [...ids].reverse())
})

test('meta', async () => {
  const { body } = await api.get(
    '/api/v1/runs?page=2&page_size=5&group_id=odd&sort_by=started_at&sort_order=asc',
  )
  assert.equal(body.meta, {
    sort_by: 'started_at',
    sort_order: 'asc',
    page: 2,
    page_size: 5,
    group_id: 'odd',
    total_count: 12,
    total_pages: 3,
  })
  assert.equal(pluck(body.data.runs as any[], '_id'), ids.filter((_, i) => i % 2).slice(5, 10))
})

test('ascending, and all on one page', async () => {
  assert.equal(await list('sort_order=asc&page_size=100'), ids)
})

test('by completed_at: the ended ones first in either order', async () => {
  await new Promise((resolve) => setTimeout(resolve))
  for (const label of ['7', '3']) {
    gate.release(label)
    await ended(api, ids[Number(label)]!)
    // Another millisecond for the next one.
    const now = Date.now()
    while (Date.now() === now) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  assert.equal((await list('sort_by=completed_at')).slice(0, 2), [ids[3], ids[7]])
  assert.equal((await list('sort_by=completed_at&sort_order=asc')).slice(0, 3), [ids[7], ids[3], ids[0]])
})

test('everything wrong is listed at once', async () => {
  const { status, body } = await api.get('/api/v1/runs?page=0&page_size=101&sort_by=name&sort_order=up')
  assert.is(status, 422)
  assert.equal(body, {
    detail: [
      {
        loc: ['query', 'sort_by'],
        msg: "Input should be 'created_at' or 'started_at' or 'completed_at'",
        type: 'literal_error',
      },
      { loc: ['query', 'sort_order'], msg: "Input should be 'asc' or 'desc'", type: 'literal_error' },
      {
        loc: ['query', 'page'],
        msg: 'Input should be greater than or equal to 1',
        type: 'greater_than_equal',
      },
      {
        loc: ['query', 'page_size'],
        msg: 'Input should be less than or equal to 100',
        type: 'less_than_equal',
      },
    ],
  })
  for (const bad of ['page=x', 'page=', 'page_size=0', 'page_size=1.5', 'page_size=-1', 'page=1e3']) {
    assert.is((await api.get(`/api/v1/runs?${bad}`)).status, 422, bad)
  }
})
