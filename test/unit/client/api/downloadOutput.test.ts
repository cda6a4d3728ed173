import { inspect } from 'node:util'
import {
  ArgumentError,
  type DownloadSource,
  downloadOutput,
  HttpError,
  NetworkError,
  ResponseError,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, hang, json, ok, recorder } from '../../../support/fakes.ts'
import { HELD_MS, holdTimers } from '../../../support/holdTimers.ts'
import { listen } from '../../../support/listen.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'

const test = suite('downloadOutput')
const onClock = suiteWithClock('downloadOutput on a clock')
const link = 'http://files.test/out/f.png?X-Amz-Signature=abc'
const ready = ok({ download_url: link, generation_status: 'success' })
const file = () => new Response('bytes', { headers: { 'content-type': 'image/png' } })
const refused = (status: number) => new Response('<Error>expired</Error>', { status })

test('over real HTTP: the body is streamed, timeoutMs ends at the headers, an abort reaches the body', async () => {
  const server = await listen((_request, response) => {
    response.write('first')
  })
  const controller = new AbortController()
  const timers = holdTimers()
  try {
    const client = clientWith(undefined, { timeoutMs: HELD_MS })
    const response = await downloadOutput(client, server.url, { signal: controller.signal })
    const reader = response.body!.getReader()
    assert.is(new TextDecoder().decode((await reader.read()).value), 'first')
    const next = reader.read()
    // The time is over; the body may take what it takes.
    timers.fire()
    const pause = new Promise((resolve) => setTimeout(resolve, 50, 'still open'))
    assert.is(await Promise.race([pause, next.catch((error) => error)]), 'still open')
    const reason = new Error('enough')
    controller.abort(reason)
    assert.is(await next.catch((error) => error), reason)
  } finally {
    timers.release()
    await server.close()
  }
})

const sources: [what: string, source: DownloadSource, calls: string[]][] = [
  ['a filename', 'f.png', ['pod', 'files']],
  ['a filename that looks like an address', 'ftp:x', ['pod', 'files']],
  ['an address', link, ['files']],
  ['an address in capitals', link.replace('http', 'HTTP'), ['files']],
  ['an Output', { download_url: link }, ['files']],
  [
    'an Output without an address but a filename',
    { download_url: null, filename: 'f.png' },
    ['pod', 'files'],
  ],
  ['an output of a run', { filename: 'f.png', url: link }, ['files']],
  ['an output of a run without an address', { filename: 'f.png', url: null }, ['pod', 'files']],
  ['an output of a run with an empty address', { filename: 'f.png', url: '' }, ['pod', 'files']],
  ['both addresses: download_url', { download_url: link, url: 'http://old.test/x' }, ['files']],
]
for (const [what, source, hosts] of sources) {
  test(`source: ${what}`, async () => {
    const fetch = fakeFetch((url) => (url.hostname === 'pod.test' ? ready.clone() : file()))
    const response = await downloadOutput(clientWith(fetch), source)
    assert.is(await response.text(), 'bytes')
    assert.equal(
      fetch.calls.map(({ url }) => url.hostname.split('.')[0]),
      hosts,
    )
    const last = fetch.calls.at(-1)!
    assert.is(last.url.href, link)
    assert.equal([...last.headers], [])
    assert.is(last.init.redirect, 'follow')
    assert.is(last.init.body, undefined)
  })
}

test('source: what holds no output is an error that names it', async () => {
  const fetch = fakeFetch(ready)
  const others = [
    '',
    '.',
    '..',
    '\ud800',
    undefined,
    null,
    5,
    {},
    [],
    { filename: '' },
    { download_url: null },
    { url: 5 },
  ]
  const urls = [
    { url: 'ftp://files.test/x' },
    { download_url: 'f.png' },
    { url: '/f.png' },
    'http://',
    'https:',
  ]
  for (const source of [...others, ...urls]) {
    await rejects(downloadOutput(clientWith(fetch), source as never), ArgumentError)
  }
  assert.is(fetch.calls.length, 0)
})

for (const status of [403, 400]) {
  test(`an expired link (${status}) is renewed once, where the filename is known`, async () => {
    for (const source of ['f.png', { filename: 'f.png', url: link }]) {
      const fresh = ok({ download_url: `${link}2`, generation_status: 'success' })
      const answers = typeof source === 'string' ? [ready.clone()] : []
      const fetch = fakeFetch(...answers, refused(status), fresh, file())
      const response = await downloadOutput(clientWith(fetch), source)
      assert.is(await response.text(), 'bytes')
      assert.is(fetch.calls.at(-1)?.url.href, `${link}2`)
      assert.equal([...fetch.calls.at(-1)!.headers], [])
    }
    const twice = fakeFetch((url) => (url.hostname === 'pod.test' ? ready.clone() : refused(status)))
    await rejects(downloadOutput(clientWith(twice), 'f.png'), HttpError, { status })
    assert.is(twice.calls.length, 4)
  })
  test(`an expired link (${status}) without a filename is an error`, async () => {
    for (const source of [link, { download_url: link }, { url: link }]) {
      const fetch = fakeFetch(refused(status))
      const error = await rejects(downloadOutput(clientWith(fetch), source), HttpError, {
        status,
        url: 'http://files.test/out/f.png',
      })
      assert.not.match(error.message + JSON.stringify(error), /Signature/)
      assert.is(error.body, '<Error>expired</Error>')
      assert.is(fetch.calls.length, 1)
    }
  })
}

test('a link that leads to nothing is not renewed', async () => {
  for (const status of [401, 404, 410]) {
    const fetch = fakeFetch(ready.clone(), refused(status))
    await rejects(downloadOutput(clientWith(fetch), 'f.png'), HttpError, { status })
    assert.is(fetch.calls.length, 2)
  }
})

test('no renewal after an abort', async () => {
  const controller = new AbortController()
  const fetch = fakeFetch(ready.clone(), () => {
    controller.abort('enough')
    return refused(403)
  })
  assert.is(
    await downloadOutput(clientWith(fetch), 'f.png', { signal: controller.signal }).catch((error) => error),
    'enough',
  )
  assert.is(fetch.calls.length, 2)
})

test('an abort while the error of a link is logged', async () => {
  const controller = new AbortController()
  const noop = () => {}
  const logger = { debug: noop, info: noop, warn: noop, error: () => controller.abort('enough') }
  const fetch = fakeFetch(ready.clone(), refused(403))
  const { signal } = controller
  assert.is(
    await downloadOutput(clientWith(fetch, { logger }), 'f.png', { signal }).catch((error) => error),
    'enough',
  )
  assert.is(fetch.calls.length, 2)
})

test('not ready, failed, without an address', async () => {
  await rejects(
    downloadOutput(clientWith(fakeFetch(() => new Response(null, { status: 204 }))), 'f.png'),
    ResponseError,
    { status: 204 },
  )
  const done = json({ status: 'success', data: { generation_status: 'success' } })
  await rejects(downloadOutput(clientWith(fakeFetch(done)), 'f.png'), ResponseError)
  const failed = json({ status: 'success', data: { generation_status: 'failed' } })
  await rejects(downloadOutput(clientWith(fakeFetch(failed)), 'f.png'), RunError)
  await rejects(downloadOutput(clientWith(fakeFetch(json({}, { status: 404 }))), 'f.png'), HttpError, {
    status: 404,
  })
})

test('an address from the server that is none', async () => {
  const odd = ok({ download_url: 'ftp://files.test/f', generation_status: 'success' })
  await rejects(downloadOutput(clientWith(fakeFetch(odd)), 'f.png'), ResponseError)
})

onClock(
  'the files’ own 503 and network failures are tried again; logs show no signature',
  async ({ clock }) => {
    const logger = recorder()
    const fetch = fakeFetch(refused(503), new TypeError('fetch failed'), file())
    const pending = downloadOutput(clientWith(fetch, { logger }), link)
    await clock.tickAsync(10_000)
    assert.is(await (await pending).text(), 'bytes')
    assert.is(fetch.calls.length, 3)
    assert.not.match(JSON.stringify(logger.lines), /Signature|abc/)
    assert.is(logger.lines[2]?.fields?.path, '/out/f.png')
    await rejects(
      downloadOutput(clientWith(fakeFetch(new TypeError('x'))), link, { maxRetries: 0 }),
      NetworkError,
      { url: 'http://files.test/out/f.png' },
    )
  },
)

onClock('timeoutMs covers the time to the headers', async ({ clock }) => {
  const pending = downloadOutput(clientWith(fakeFetch(hang)), link, { timeoutMs: 30, maxRetries: 0 }).catch(
    (error) => error,
  )
  await clock.tickAsync(30)
  const error = await pending
  assert.instance(error, TimeoutError)
  assert.is(error.message, 'GET http://files.test/out/f.png timed out after 30ms')
})

test('a link with a login: neither that nor the signature shows', async () => {
  const secret = 'http://ada:pa%40ss-of-ada@files.test/f@2x.png?name=(1).png&sig=the-signature'
  // No fetch of Node or of a browser takes one; undici's error names it, as that of Deno does any link.
  for (const fetch of [
    undefined,
    async () => Promise.reject(new TypeError(`request for url (${secret}): refused`)),
  ]) {
    const client = clientWith(fetch, { maxRetries: 0 })
    const error = await rejects(downloadOutput(client, secret), NetworkError, {
      url: 'http://files.test/f@2x.png',
    })
    const all = inspect([error, error.message, error.stack], { depth: 12, showHidden: true })
    assert.not.match(all, /ss-of-ada|ada:|the-signature/)
  }
})

test('an error of the runtime that names the address: no signature, wherever it stands', async () => {
  const moved = 'https://cdn.test/f.png?X-Amz-Signature=other'
  const bun = Object.assign(new TypeError('ECONNREFUSED: Unable to connect'), { path: link })
  const deno = (url: string) =>
    new TypeError('fetch failed', { cause: new Error(`error sending request for url (${url}): dns error`) })
  const told = []
  for (const thrown of [bun, deno(link), deno(moved)]) {
    const error = await rejects(
      downloadOutput(clientWith(fakeFetch(thrown)), link, { maxRetries: 0 }),
      NetworkError,
    )
    assert.not.match(inspect(error, { showHidden: true, depth: 9 }), /Signature|abc|other/)
    told.push(error.message.replace(/.* got no answer: /, ''))
  }
  assert.equal(told, [
    'TypeError: ECONNREFUSED: Unable to connect',
    'error sending request for url (http://files.test/out/f.png): dns error',
    'error sending request for url (https://cdn.test/f.png): dns error',
  ])
})

test('an output without an address does not show what a server echoed', async () => {
  const fetch = fakeFetch(ok({ generation_status: 'success' }, { echo: CANARY }))
  const error = await rejects(downloadOutput(clientWith(fetch, { maxRetries: 0 }), 'f.png'), ResponseError)
  assertNoCanary(error)
  assert.equal([error.method, error.url], ['GET', 'http://pod.test/api/v1/runs/output'])
})

test('an answer to a download that has no body is an error, not a file', async () => {
  const fetch = fakeFetch(new Response(null, { status: 204 }))
  await rejects(downloadOutput(clientWith(fetch, { maxRetries: 0 }), 'https://files.test/a'), ResponseError, {
    status: 204,
  })
})

test('where the files lie, a redirect or a refusal that echoes the key does not show it', async () => {
  for (const answer of [
    new Response(null, { status: 302, headers: { location: `https://files.test/${CANARY}` } }),
    json({ detail: CANARY }, { status: 403 }),
  ]) {
    const fetch = fakeFetch(answer)
    const client = clientWith(fetch, { maxRetries: 0, headers: { 'X-Team': 'a-team-of-ours' } })
    await rejects(downloadOutput(client, 'https://files.test/a'), Error)
    assert.equal([...fetch.calls[0]!.headers], [])
  }
})
