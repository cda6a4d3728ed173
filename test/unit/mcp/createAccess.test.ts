// Who may call over HTTP, and the command that listens.
import { request } from 'node:http'
import { assert, suite } from '#test'
import { bundled } from '../../support/bundled.ts'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { startProgram } from '../../support/startCli.ts'
import { mcpOf, openPod, type Pod, token } from './openPod.ts'

const test = suite('access to MCP over HTTP')
let pod: Pod
test.before(async () => {
  pod = await openPod()
})
test.after(() => pod.close())

const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
const usual = {
  ...{ host: '127.0.0.1:4191', authorization: `Bearer ${token}` },
  ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
}

const rows: readonly (readonly [what: string, headers: object, status: number, path?: string])[] = [
  ['all is right', {}, 200],
  ['the host is named localhost', { host: 'localhost' }, 200],
  ['of IPv6', { host: '[::1]:4191' }, 200],
  ['or allowed', { host: 'mcp.test:8080', origin: 'https://mcp.test' }, 200],
  ['the scheme of the token in small letters', { authorization: `bearer ${token}` }, 200],
  ['another host, as after DNS rebinding', { host: 'evil.test' }, 403],
  ['a host that begins as an allowed one', { host: 'localhost.evil.test' }, 403],
  ['a page of a stranger', { origin: 'https://evil.test' }, 403],
  ['a page without an origin', { origin: 'null' }, 403],
  ['no token', { authorization: undefined }, 401],
  ['a wrong token', { authorization: `Bearer ${token}x` }, 401],
  ['the beginning of the token', { authorization: `Bearer ${token.slice(0, -1)}` }, 401],
  ['another scheme', { authorization: `Basic ${token}` }, 401],
  ['another path', {}, 404, '/'],
]
for (const [what, headers, status, path = '/mcp'] of rows) {
  test(`${what}: ${status}`, async () => {
    const sent = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined)
    const mcp = mcpOf(pod, { hosts: ['mcp.test'] })
    const url = `http://127.0.0.1:4191${path}`
    const init = { method: 'POST', headers: sent as [string, string][], body: ping }
    const answer = await mcp.fetch(new Request(url, init))
    assert.is(answer.status, status)
    assert.not.match(await answer.text(), token)
    if (status === 401) assert.is(answer.headers.get('www-authenticate'), 'Bearer')
  })
}

test('without a token, fetch refuses each request', async () => {
  const mcp = mcpOf(pod, { token: undefined })
  for (const authorization of ['Bearer ', 'Bearer undefined', ''])
    assert.is(
      (await mcp.fetch(new Request('http://127.0.0.1/mcp', { headers: { ...usual, authorization } }))).status,
      401,
    )
})

test('the command listens, checks the same, prints a token that it made, and no key', async () => {
  const env = { FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY }
  const { child, ended, printed } = startProgram(
    process.execPath,
    [bundled('packages/mcp/src/cli.ts'), '--listen', '0'],
    { env },
  )
  try {
    const text = await printed(/The token is \S+\n/)
    const [, url = ''] = /Listening on (\S+)/.exec(text)!
    const [, made = ''] = /The token is (\S+)/.exec(text)!
    const post = (headers: object) =>
      new Promise<number>((resolve, reject) => {
        const sent = request(url, { method: 'POST', headers: { ...usual, ...headers } as never })
        sent.on('error', reject).on('response', (answer) => {
          answer.resume()
          resolve(answer.statusCode!)
        })
        sent.end(ping)
      })
    assert.is(await post({ authorization: `Bearer ${made}` }), 200)
    assert.is(await post({ authorization: `Bearer ${made}`, host: 'evil.test' }), 403)
    assert.is(await post({}), 401)
    assert.is(await post({ host: 'a b' }), 403)
    // Without its body, which would be too large: 413.
    assert.is(await post({ 'content-length': 5_000_000 }), 401)
  } finally {
    child.kill('SIGTERM')
  }
  const { code, stdout, stderr } = await ended
  assert.equal([code, stdout], [0, ''])
  assertNoCanary(stderr, 'what it printed')
})

const wrong: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
  [['--nope'], 2, /Unknown option '--nope'/],
  [['--listen', 'x'], 2, /--listen must be a port/],
  [['--listen', '70000'], 2, /--listen must be a port/],
  [['--listen', '4191', '--files', '.'], 2, /--files is for stdio/],
  [['--token', token], 2, /are for --listen/],
  [['--reply-after', 'x'], 1, /replyAfterMs must be/],
  [['--url', 'pod.test'], 2, /--url must be/],
]
for (const [args, code, said] of wrong) {
  test(`the command with ${args.join(' ')}`, async () => {
    const env = { FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY }
    const command = [bundled('packages/mcp/src/cli.ts'), ...args]
    const { child, ended, printed } = startProgram(process.execPath, command, { env })
    // One that listens would not end.
    if (/Listening/.test(await printed(/\n/))) child.kill()
    const { stdout, stderr, ...rest } = await ended
    assert.equal([rest.code, stdout], [code, ''])
    assert.match(stderr, said)
    assertNoCanary(stderr, 'what it printed')
  })
}
