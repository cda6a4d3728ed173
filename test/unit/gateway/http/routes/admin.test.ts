// Usage and pauses over HTTP, in front of an engine that says what the test wants.
import { createHttpApi, type Engine, type UsageQuery, type UsageRow } from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { getUsage } from '../../../../../packages/gateway/src/http/routes/admin.ts'
import type { ApiRequest } from '../../../../../packages/gateway/src/http/types.ts'
import { fakeEngine } from '../../fakeEngine.ts'

const test = suite('the routes of operators')
const ORIGIN = 'http://gateway.test'
const row: UsageRow = {
  ...{ day: '2026-03-01', owner: undefined, workflowId: 'w' },
  ...{ completed: 3, failed: 1, cancelled: 0, gpuMs: 1_500 },
}

function openApi(own: Partial<Engine>) {
  const api = createHttpApi({
    engine: fakeEngine(own),
    dialect: 'python',
    apiKey: null,
    sign: () => '',
    urlTtlMs: 60_000,
    operator: { reasons: async () => [], metrics: async () => '', refused: () => {} },
    makeRequestId: () => 'id',
    name: 'gateway',
  })
  return async (path: string, method = 'GET'): Promise<{ status: number; body: any }> => {
    const request = new Request(`${ORIGIN}/api/v1/${path}`, { method })
    const answer = await api.handle(request, { filesUrl: ORIGIN })
    return { status: answer.status, body: await answer.json() }
  }
}

/** An engine with two thousand rows, and what it was asked. */
function counting() {
  const asked: UsageQuery[] = []
  const usage: Engine['usage'] = async (query) => {
    asked.push(query)
    return { rows: [row, { ...row, owner: 'shop' }], total: 2_001 }
  }
  return { asked, engine: { usage } }
}

test('usage is asked for by days, and answered in pages', async () => {
  const { asked, engine } = counting()
  const ask = openApi(engine)
  const { now } = Date
  Date.now = () => Date.parse('2026-03-01T23:59:59.999Z')
  try {
    const cases: [query: string, from: string, to: string, offset: number, limit: number][] = [
      ['', '2026-01-31', '2026-03-01', 0, 1_000],
      ['?from=2026-03-01', '2026-03-01', '2026-03-01', 0, 1_000],
      ['?to=2025-12-31', '2025-12-02', '2025-12-31', 0, 1_000],
      ['?from=2024-12-01&to=2026-01-04&page=3&page_size=10', '2024-12-01', '2026-01-04', 20, 10],
    ]
    for (const [query, from, to, offset, limit] of cases) {
      const { status, body } = await ask(`usage${query}`)
      assert.equal([status, asked.pop()], [200, { from, to, owner: undefined, offset, limit }], query)
      assert.equal(body.meta, {
        ...{ from, to, page: offset / limit + 1, page_size: limit },
        ...{ total_count: 2_001, total_pages: Math.ceil(2_001 / limit) },
      })
      const shown = { workflow_id: 'w', completed: 3, failed: 1, cancelled: 0, gpu_seconds: 1.5 }
      assert.equal(body.data, [
        { day: '2026-03-01', key: null, ...shown },
        { day: '2026-03-01', key: 'shop', ...shown },
      ])
    }
    const wrong = ['from=2026-03-02', 'from=2024-12-01&to=2026-01-05', 'to=2026-02-29', 'from=', 'from=1']
    for (const query of [...wrong, 'from=2026-3-1', 'to=2026-03-01T00:00:00Z', 'page=0', 'page_size=1001']) {
      const { status, body } = await ask(`usage?${query}`)
      const [name] = query.split('=')
      assert.equal([status, body.detail[0].loc], [422, ['query', name]], query)
    }
    assert.equal(asked, [])
  } finally {
    Date.now = now
  }
})

test('a key that is no admin gets its own usage', async () => {
  const { asked, engine } = counting()
  for (const [caller, owner] of [
    [{ owner: 'shop' }, 'shop'],
    [{ owner: 'shop', isAdmin: true }, undefined],
  ] as const) {
    const query = new URLSearchParams({ page: '1', page_size: '1' })
    const call = { api: { engine: fakeEngine(engine) }, caller, query } as unknown as ApiRequest
    await getUsage(call)
    assert.is(asked.pop()!.owner, owner)
  }
})

test('servers are paused and resumed by their names', async () => {
  const asked: unknown[] = []
  const container = { url: 'u', status: 'idle', running: [], pending: [] } as const
  const ask = openApi({
    containers: async () => [
      { ...container, name: 'gpu/2' },
      { ...container, name: 'queue', isQueue: true },
    ],
    async setPaused(...args) {
      asked.push(args)
      return args[0] === 'gpu/2'
    },
  })
  const cases: [path: string, method: string, status: number, asked?: unknown][] = [
    ['servers/gpu%2F2/pause', 'POST', 200, ['gpu/2', true]],
    ['servers/gpu%2F2/resume', 'POST', 200, ['gpu/2', false]],
    ['servers/gpu-3/pause', 'POST', 404, ['gpu-3', true]],
    ['servers/queue/resume', 'POST', 404, ['queue', false]],
    ['servers/gpu%2F2/pause', 'GET', 405],
    ['servers/gpu%2F2/stop', 'POST', 404],
    ['servers//pause', 'POST', 404],
  ]
  for (const [path, method, status, expected] of cases) {
    const answer = await ask(path, method)
    assert.equal([answer.status, asked.pop()], [status, expected], path)
    if (status === 404 && expected) assert.match(answer.body.detail, /are: gpu\/2$/)
  }
})

test('without a queue, each is refused with the reason', async () => {
  const ask = openApi({})
  for (const [path, method] of [
    ['usage', 'GET'],
    ['servers/s/pause', 'POST'],
    ['servers/s/resume', 'POST'],
  ] as const) {
    const { status, body } = await ask(path, method)
    assert.equal([status, /needs a queue/.test(body.detail)], [400, true], path)
  }
})
