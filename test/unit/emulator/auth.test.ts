import { assert, suite } from '#test'
import { type Api, DIALECTS, form, open, TRANSPORTS } from './kit.ts'

const PATHS = [
  ['GET', '/api/v1/comfy/health'],
  ['GET', '/api/v1/comfy/queue'],
  ['GET', '/api/v1/comfy/workflows'],
  ['GET', '/api/v1/runs'],
  ['POST', '/api/v1/runs?workflow_id=nev3rend5run'],
  ['GET', '/api/v1/runs/output?filename=x'],
  ['GET', '/api/v1/runs/x'],
  ['POST', '/api/v1/runs/x/cancel'],
  ['GET', '/api/v1/ws'],
] as const

for (const transport of TRANSPORTS) {
  for (const dialect of DIALECTS) {
    const test = suite(`auth and routing, ${dialect}, ${transport}`)
    let api: Api
    const error = (text: string): object =>
      dialect === 'readme' ? { status: 'error', errors: [text] } : { detail: text }

    test.before(async () => {
      api = await open(transport, { dialect, apiKey: 'secret' })
    })
    test.after(() => api.close())

    test('no key 401, a wrong key 403, on every path', async () => {
      for (const [method, path] of PATHS) {
        if (dialect === 'openapi' && /workflows$|cancel$/.test(path)) continue
        const body = method === 'POST' ? form() : null
        const none = await api.fetch(api.url + path, { method, body })
        assert.is(none.status, 401, path)
        assert.equal(await none.json(), error('Missing API key: send it in the X-API-KEY header'))
        const bearer = { Authorization: 'Bearer secret' }
        assert.is((await api.fetch(api.url + path, { method, headers: bearer })).status, 401)
        const wrong = await api.fetch(api.url + path, { method, headers: { 'X-API-KEY': 'Secret' } })
        assert.is(wrong.status, 403, path)
        assert.equal(await wrong.json(), error('Invalid API key'))
      }
      assert.is(api.emulator.stats.runsStarted, 0)
    })

    test('unknown paths 404, wrong methods 405', async () => {
      for (const path of [
        '/api',
        '/api/v1',
        '/api/v1/runs/',
        '/api/v1/runs/x/y',
        '/API/v1/runs',
        '/generations/a/b',
      ]) {
        const { status, body } = await api.get(path)
        assert.equal([status, body], [404, error('Not Found')], path)
      }
      for (const [method, path, allow] of [
        ['DELETE', '/api/v1/runs', 'POST, GET'],
        ['POST', '/api/v1/comfy/health', 'GET'],
        ['POST', '/api/v1/runs/output', 'GET'],
        ['PUT', '/api/v1/runs/x', 'GET'],
        ['HEAD', '/api/v1/runs/x', 'GET'],
        ['OPTIONS', '/api/v1/runs/x', 'GET'],
      ] as const) {
        const response = await api.fetch(api.url + path, { method, headers: { 'X-API-KEY': 'secret' } })
        assert.is(response.status, 405, path)
        assert.is(response.headers.get('allow'), allow)
        if (method !== 'HEAD') assert.equal(await response.json(), error('Method Not Allowed'))
      }
      assert.is((await api.get('/api/v1/runs/%E0%A4%A')).status, 404)
    })

    test('the address of the WebSocket without a handshake', async () => {
      const { status, headers, body } = await api.get('/api/v1/ws')
      assert.equal([status, headers.get('upgrade')], [426, 'websocket'])
      assert.equal(body, error('Upgrade Required: this address speaks WebSocket'))
    })

    test('every answer has a request id of its own', async () => {
      const ids = new Set<string | null>()
      const file = await api.fetch(`${api.filesUrl}/x`)
      ids.add(file.headers.get('x-request-id'))
      for (const path of ['/api', '/api/v1/comfy/health', '/api/v1/runs/x', '/api/v1/comfy/health']) {
        ids.add((await api.get(path)).headers.get('x-request-id'))
      }
      assert.is(ids.size, 5)
      assert.not(ids.has(null))
    })

    test('browsers may ask', async () => {
      const asked = 'authorization,x-api-key,x-tenant'
      for (const url of [`${api.url}/api/v1/runs`, `${api.filesUrl}/generations/a/b.png`]) {
        // A preflight carries no key.
        const preflight = await api.fetch(url, {
          method: 'OPTIONS',
          headers: {
            origin: 'http://localhost:3000',
            'access-control-request-method': 'POST',
            'access-control-request-headers': asked,
          },
        })
        assert.is(preflight.status, 204)
        assert.is(preflight.headers.get('access-control-allow-origin'), '*')
        assert.is(preflight.headers.get('access-control-allow-headers'), asked)
        assert.match(preflight.headers.get('access-control-allow-methods') ?? '', 'POST')
      }
      // Refusals, too: a page could not read why.
      for (const [url, status] of [
        [`${api.url}/api/v1/comfy/health`, 401],
        [`${api.url}/api/v1/ws`, 401],
        [`${api.url}/nowhere`, 404],
        [`${api.filesUrl}/generations/a/b.png`, 403],
      ] as const) {
        const { headers, status: got } = await api.fetch(url, { headers: { origin: 'null' } })
        assert.is(got, status)
        assert.is(headers.get('access-control-allow-origin'), '*')
        assert.is(headers.get('access-control-expose-headers'), 'x-request-id, retry-after')
      }
    })
  }
}
