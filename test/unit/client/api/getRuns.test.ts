import {
  ArgumentError,
  type Client,
  type GetRunsOptions,
  getRuns,
  HttpError,
  iterateRuns,
  ResponseError,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { clientFrom, clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, json, ok } from '../../../support/fakes.ts'

const test = suite('getRuns and iterateRuns')
const run = (id: number | string) => ({ _id: `${id}`, status: 'completed' })
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function ids(client: Client, options?: GetRunsOptions): Promise<string> {
  const all: string[] = []
  for await (const { _id } of iterateRuns(client, options)) all.push(_id)
  return all.join(' ')
}

/** A server with pages; `runs` are read anew for each request. */
const paging = (runs: () => unknown[], meta = true) =>
  fakeFetch((url) => {
    const page = Number(url.searchParams.get('page'))
    const size = Number(url.searchParams.get('page_size') ?? 10)
    const all = runs()
    const total = {
      page,
      page_size: size,
      total_count: all.length,
      total_pages: Math.ceil(all.length / size),
    }
    return ok({ runs: all.slice((page - 1) * size, page * size) }, meta ? { meta: total } : {})
  })

test('all pages, by the number of pages that the server tells', async () => {
  const fetch = paging(() => numbers(1, 25).map(run))
  assert.is(
    await ids(clientWith(fetch), { pageSize: 10, groupId: 'g', sortOrder: 'asc' }),
    numbers(1, 25).join(' '),
  )
  assert.equal(
    fetch.calls.map(({ url }) => url.search),
    [1, 2, 3].map((page) => `?group_id=g&sort_order=asc&page=${page}&page_size=10`),
  )
})

test('all pages, until one brings nothing new', async () => {
  const fetch = paging(() => numbers(1, 20).map(run), false)
  assert.is(await ids(clientWith(fetch), { pageSize: 10 }), numbers(1, 20).join(' '))
  assert.is(fetch.calls.length, 3)
})

test('100 at a time, from page 1, unless told otherwise', async () => {
  const fetch = paging(() => numbers(1, 5).map(run))
  await ids(clientWith(fetch))
  assert.is(fetch.calls[0]?.url.search, '?page=1&page_size=100')
  assert.is(await ids(clientWith(fetch), { page: 2, pageSize: 2 }), '3 4 5')
})

test('a server without paging: each once, and an end', async () => {
  const fetch = fakeFetch(ok({ group_id: 'g', count: 3, runs: numbers(1, 3).map(run) }))
  assert.is(await ids(clientWith(fetch)), '1 2 3')
  assert.is(fetch.calls.length, 2)
})

test('no runs at all', async () => {
  const fetch = fakeFetch(ok({ runs: [] }))
  assert.is(await ids(clientWith(fetch)), '')
  assert.is(fetch.calls.length, 1)
})

test('runs that arrive meanwhile: none twice, none lost', async () => {
  let newest = 10
  const fetch = paging(() => numbers(1, newest++).reverse().map(run))
  assert.is(await ids(clientWith(fetch), { pageSize: 4 }), numbers(1, 10).reverse().join(' '))
})

test('a run that stands twice on a page comes once', async () => {
  const fetch = fakeFetch(ok({ runs: [run(1), run(1), run(2)] }))
  assert.is(await ids(clientWith(fetch)), '1 2')
})

test('a run whose state changes meanwhile comes once', async () => {
  const state = (status: string) => ok({ runs: [{ ...run(1), status }, run(2)] })
  const fetch = fakeFetch(state('running'), state('completed'))
  assert.is(await ids(clientWith(fetch)), '1 2')
})

test('runs without an id are told apart by what they say', async () => {
  const runs = ['1', '2', '1'].map((created_at) => ({ created_at }))
  const fetch = fakeFetch(ok({ runs }))
  const seen: unknown[] = []
  for await (const { created_at } of iterateRuns(clientWith(fetch))) seen.push(created_at)
  assert.equal(seen, ['1', '2'])
})

test('asks for no page before it is needed', async () => {
  const fetch = paging(() => numbers(1, 30).map(run))
  const runs = iterateRuns(clientWith(fetch), { pageSize: 10 })
  assert.is(fetch.calls.length, 0)
  for await (const { _id } of runs) if (_id === '10') break
  assert.is(fetch.calls.length, 1)
})

test('errors come from the iteration', async () => {
  const client = clientWith(fakeFetch(ok({ runs: [run(1)] }), json({ errors: 'x' }, { status: 422 })))
  const runs = iterateRuns(client)
  assert.is((await runs.next()).value?._id, '1')
  await rejects(runs.next(), HttpError)
  for (const options of [{ page: 0 }, { page: 'x' }, { pageSize: 101 }, { offset: 3 }, null]) {
    await rejects(iterateRuns(client, options as never).next(), ArgumentError)
  }
  await rejects(iterateRuns({ ...client }).next(), ArgumentError)
})

test('an abort between pages', async () => {
  const controller = new AbortController()
  const fetch = paging(() => numbers(1, 30).map(run))
  const runs = iterateRuns(clientWith(fetch), { pageSize: 1, signal: controller.signal })
  await runs.next()
  controller.abort('enough')
  assert.is(await runs.next().catch((error) => error), 'enough')
  assert.is(fetch.calls.length, 1)
})

test('as many new runs as a page holds, between two pages: none lost', async () => {
  let newest = 12
  const fetch = paging(() => numbers(1, newest).reverse().map(run))
  const seen: string[] = []
  for await (const { _id } of iterateRuns(clientWith(fetch), { pageSize: 4 })) {
    seen.push(_id)
    // While the first page is worked on.
    if (seen.length === 2) newest += 4
  }
  assert.is(seen.join(' '), numbers(1, 12).reverse().join(' '))
})

test('pages that are told but do not come: an end', async () => {
  const fetch = fakeFetch(ok({ runs: [run(1)] }, { meta: { page: 1, total_pages: 1000 } }))
  assert.is(await ids(clientWith(fetch)), '1')
  assert.is(fetch.calls.length, 2)
})

test('a list with a run that has no id and is nested too deep for JSON is still a list', async () => {
  const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`
  const text = `{"status":"success","data":[{"status":"queued","deep":${deep}},{"_id":"r2"}]}`
  const ids: string[] = []
  for await (const { _id } of iterateRuns(clientWith(fakeFetch(new Response(text)), { maxRetries: 0 })))
    ids.push(_id)
  assert.equal(ids, ['', 'r2'])
})

test('getRuns: every dialect', async () => {
  const run = { _id: 'r', status: 'completed', inputs: [], outputs: [] }
  const bare = { workflow_id: 'w', status: 'queued' }
  const list = async (body: object, options?: GetRunsOptions) => {
    const { data, meta } = await getRuns(clientFrom({ status: 'success', ...body }), options)
    return { ...data, meta }
  }
  const full = { ...bare, _id: '', inputs: [], outputs: [] }
  assert.equal(await list({ data: { group_id: 'g', count: 2, runs: [run, bare], extra: 1 } }), {
    group_id: 'g',
    count: 2,
    runs: [run, full],
    extra: 1,
    meta: undefined,
  })
  const meta = { group_id: 'g2', total_count: 31, page: 2 }
  assert.equal(await list({ data: { runs: [run] }, meta }), { group_id: 'g2', count: 31, runs: [run], meta })
  assert.equal(await list({ data: { runs: [run] }, meta: null }, { groupId: 'g3' }), {
    group_id: 'g3',
    count: 1,
    runs: [run],
    meta: null,
  })
  assert.equal(await list({ data: [run, null] }), {
    group_id: null,
    count: 2,
    runs: [run, { _id: '', status: '', inputs: [], outputs: [] }],
    meta: undefined,
  })
  assert.equal(await list({ data: { runs: [], count: 'many' } }), {
    group_id: null,
    count: 0,
    runs: [],
    meta: undefined,
  })
  for (const data of [{}, null, 'x', { runs: {} }, { runs: null }]) {
    await rejects(list({ data }), ResponseError)
  }
})

test('getRuns: the query', async () => {
  const options = {
    groupId: 'g h',
    sortBy: 'completed_at',
    sortOrder: 'asc',
    page: 3,
    pageSize: 100,
  } as const
  const query = async (given: GetRunsOptions) => {
    const fetch = fakeFetch(ok([]))
    await getRuns(clientWith(fetch), given)
    return fetch.calls[0]!.url.search
  }
  assert.is(await query(options), '?group_id=g%20h&sort_by=completed_at&sort_order=asc&page=3&page_size=100')
  assert.is(await query({ groupId: undefined, page: 1 }), '?page=1')
})

test('getRuns: wrong options are errors that name them', async () => {
  const fetch = fakeFetch(ok([]))
  const wrong: Record<string, unknown[]> = {
    groupId: ['', null, '\ud800', Symbol('x')],
    sortBy: ['status', Symbol('x')],
    sortOrder: ['up'],
    page: [0, '1', 1.5],
    pageSize: [101, 0],
    group_id: ['g'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) await rejects(getRuns(clientWith(fetch), { [name]: value }), ArgumentError)
  }
  assert.is(fetch.calls.length, 0)
})
