import { getEventListeners } from 'node:events'
import { createEmulator } from '@flowscale/emulator'
import { assert, rejects, said, suite } from '#test'
import { ended, form, open } from './kit.ts'

const test = suite('emulator.fetch')

/** A value that a promise rejects with, which may be any. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.unreachable('should have been rejected'),
    (reason: unknown) => reason,
  )

test('takes a string, a URL and a Request', async () => {
  const { fetch, url, apiKey } = createEmulator()
  const headers = { 'X-API-KEY': apiKey }
  const health = `${url}/api/v1/comfy/health`
  assert.is((await fetch(health, { headers })).status, 200)
  assert.is((await fetch(new URL(health), { headers })).status, 200)
  assert.is((await fetch(new Request(health, { headers }))).status, 200)
  assert.is((await fetch(new Request(health), { headers })).status, 200)
  const response = await fetch(`${health}#part`, { headers })
  assert.is(response.url, health)
  assert.ok(response.ok)
})

test('any other origin is a network failure that says why', async () => {
  const { fetch, stats } = createEmulator()
  for (const url of ['http://example.com/', 'https://flowscale.test/', 'http://flowscale.test:81/']) {
    const error = await rejects(fetch(url), TypeError, { message: 'fetch failed' })
    const { message } = error.cause as Error
    assert.match(message, new URL(url).origin)
    said(message)
  }
  await rejects(fetch('/relative'), TypeError)
  assert.is(stats.requests, 0)
})

test('an aborted signal rejects with its reason and asks nothing', async () => {
  const { fetch, url, stats } = createEmulator()
  const reason = new Error('enough')
  assert.is(await reasonOf(fetch(url, { signal: AbortSignal.abort(reason) })), reason)
  assert.is(await reasonOf(fetch(new Request(url, { signal: AbortSignal.abort(reason) }))), reason)
  await rejects(fetch(url, { signal: AbortSignal.abort() }), DOMException, { name: 'AbortError' })
  assert.is(
    (await fetch(new Request(url, { signal: AbortSignal.abort(reason) }), { signal: null })).status,
    404,
  )
  assert.is(stats.requests, 1)
})

test('an abort on the way rejects with the reason, and leaves no run behind', async () => {
  const { fetch, url, apiKey, stats } = createEmulator()
  const aborter = new AbortController()
  const reason = { any: 'thing' }
  let pulled: (() => void) | undefined
  const pulling = new Promise<void>((resolve) => {
    pulled = resolve
  })
  const body = new ReadableStream({ pull: () => pulled?.() })
  const headers = { 'X-API-KEY': apiKey, 'content-type': 'multipart/form-data; boundary=x' }
  const init = { method: 'POST', headers, body, signal: aborter.signal, duplex: 'half' }
  const pending = reasonOf(fetch(`${url}/api/v1/runs?workflow_id=nev3rend5run`, init as RequestInit))
  await pulling
  aborter.abort(reason)
  assert.is(await pending, reason)

  const second = new AbortController()
  const empty = new FormData()
  const done = reasonOf(
    fetch(`${url}/api/v1/runs?workflow_id=nev3rend5run`, {
      method: 'POST',
      headers: { 'X-API-KEY': apiKey },
      body: empty,
      signal: second.signal,
    }),
  )
  second.abort(reason)
  assert.is(await done, reason)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.is(stats.runsStarted, 0)
})

test('an abort after the headers stops the body', async () => {
  const { fetch, url, apiKey } = createEmulator()
  const aborter = new AbortController()
  const headers = { 'X-API-KEY': apiKey }
  const response = await fetch(`${url}/api/v1/comfy/health`, { headers, signal: aborter.signal })
  const other = await fetch(`${url}/api/v1/comfy/health`, { headers, signal: aborter.signal })
  const reason = new Error('enough')
  await new Promise((resolve) => setTimeout(resolve, 5))
  aborter.abort(reason)
  assert.is(await reasonOf(response.text()), reason)
  assert.is(await reasonOf(other.body!.getReader().read()), reason)
})

test('a signal used a thousand times keeps no listener, and Node does not warn', async () => {
  const { fetch, url, apiKey } = createEmulator()
  const { signal } = new AbortController()
  const headers = { 'X-API-KEY': apiKey }
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  for (let i = 0; i < 10; i++) {
    const calls = Array.from({ length: 100 }, () => fetch(`${url}/api/v1/comfy/health`, { headers, signal }))
    for (const response of await Promise.all(calls)) await response.text()
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
  process.off('warning', note)
  assert.is(getEventListeners(signal, 'abort').length, 0)
  assert.equal(warnings, [])
})

test('is a function of its own, without a this', async () => {
  const emulator = createEmulator()
  const bare = emulator.fetch
  assert.is((await bare(emulator.url)).status, 404)
})

test('every answer has a request id of its own', async () => {
  const { fetch, url, filesUrl } = createEmulator()
  const paths = [`${url}/api`, `${url}/api/v1/comfy/health`, `${url}/api/v1/comfy/health`, `${filesUrl}/x`]
  const ids = await Promise.all(paths.map(async (path) => (await fetch(path)).headers.get('x-request-id')))
  assert.is(new Set(ids).size, 4)
  for (const id of ids) assert.match(id!, /^[0-9a-f]{32}$/)
})

test('handle: links start with where.filesUrl, and count as well', async () => {
  const api = await open('emulator.fetch')
  const { emulator } = api
  const run = await ended(api, await api.run('a9bc45rt2kpm', { prompt: '', image_input: PNG }))
  const headers = { 'X-API-KEY': emulator.apiKey }
  const request = new Request(`http://any.host/api/v1/runs/${run._id}`, { headers })
  const before = emulator.stats.requests
  const response = await emulator.handle(request, { filesUrl: 'https://cdn.example/base/' })
  const [{ url }] = (await response.json()).data.outputs
  assert.match(url, /^https:\/\/cdn\.example\/base\/generations\//)
  const { pathname, search } = new URL(url)
  // The signature does not cover the origin.
  const file = await emulator.fetch(emulator.filesUrl + pathname.replace('/base', '') + search)
  assert.is(file.status, 200)
  const direct = new Request(`http://else.where${pathname.replace('/base', '')}${search}`)
  assert.is((await emulator.handle(direct, { filesUrl: 'x', files: true })).status, 200)
  assert.is(emulator.stats.requests, before + 3)
})

test('handle: a body above maxBodyBytes', async () => {
  const { handle, apiKey } = createEmulator()
  const body = form({ text_51536: 'x'.repeat(2000) })
  const init = { method: 'POST', headers: { 'X-API-KEY': apiKey }, body }
  const url = 'http://any/api/v1/runs?workflow_id=bncu0a1kipv'
  const large = await handle(new Request(url, init), { filesUrl: 'x', maxBodyBytes: 1000 })
  assert.is(large.status, 413)
  assert.is((await handle(new Request(url, init), { filesUrl: 'x', maxBodyBytes: 10_000 })).status, 200)
})

const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
