// The tools as hosts use them, by the official client: once for each request_key, waits, results.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArgumentError, createClient, type Fetch, idempotencyWhereKept } from '@flowscale/client'
import { createMcp } from '@flowscale/mcp'
import { assert, suite, throws } from '#test'
import { CANARY } from '../../support/canary.ts'
import { fakeFetch, ok } from '../../support/fakes.ts'
import { until } from '../../support/until.ts'
import {
  type Connected,
  eras,
  mcpOf,
  noise,
  openPod,
  overHttp,
  overStdio,
  type Pod,
  token,
} from './openPod.ts'

const test = suite('MCP')
let pod: Pod
const open: Connected[] = []
const opened = async (connecting: Promise<Connected>): Promise<Connected> => {
  const connected = await connecting
  open.push(connected)
  return connected
}
test.before.each(async () => {
  pod = await openPod()
})
test.after.each(async () => {
  for (const one of open.splice(0)) await one.close()
  await pod.close()
})

const started = () => pod.emulator.ledger.runs.length

for (const era of eras) {
  test(`over HTTP (${era}) a call answers with the id, and wait_run with the result`, async () => {
    const { host, call } = await opened(overHttp(mcpOf(pod), era))
    assert.is(host.getProtocolEra(), era === 'auto' ? 'modern' : 'legacy')
    const first = await call('Paint_a_picture', { prompt: 'a fox' })
    assert.match(first.text, `call wait_run with run_id "${first.runId}"`)
    const progress: number[] = []
    const onprogress = (told: { progress: number }) => progress.push(told.progress)
    const { text, links, images } = await call('wait_run', { run_id: first.runId }, { onprogress })
    assert.ok(text.startsWith(`Run ${first.runId}: completed.\n`))
    assert.ok(progress.length > 0)
    assert.equal(progress, [...new Set(progress)].sort())
    const [link] = links
    assert.match(text, `(image/png, ${link!.size} bytes): ${link!.uri}`)
    const bytes = Buffer.from(await (await fetch(link!.uri)).arrayBuffer())
    assert.equal([link!.mimeType, link!.size], ['image/png', bytes.length])
    assert.equal(images, [{ type: 'image', data: bytes.toString('base64'), mimeType: 'image/png' }] as never)
  })

  test(`over stdio (${era}) a call waits for the result`, async () => {
    const { call, host } = await opened(overStdio(pod, [], era))
    assert.is(host.getProtocolEra(), era === 'auto' ? 'modern' : 'legacy')
    const { text, runId, images } = await call('Paint_a_picture', { prompt: 'a fox' })
    assert.ok(text.startsWith(`Run ${runId}: completed.\n`))
    assert.is(images.length, 1)
  })
}

test('one run for each request_key, also of calls at once and of hosts that know nothing of each other', async () => {
  const [one, other] = [await opened(overHttp(mcpOf(pod))), await opened(overHttp(mcpOf(pod), 'legacy'))]
  const call = (host: Connected, prompt: string, key?: string) =>
    host.call('Paint_a_picture', { prompt, ...(key && { request_key: key }) })
  const same = await Promise.all([1, 2, 3, 4].map((n) => call(n % 2 ? one : other, 'a fox', 'key-00000001')))
  assert.is(new Set(same.map(({ runId }) => runId)).size, 1)
  assert.is(started(), 1)
  const wrong = await call(one, 'an owl', 'key-00000001')
  assert.ok(wrong.isError)
  assert.match(wrong.text, /Idempotency-Key/)
  assert.is(started(), 1)
  await call(one, 'a fox', 'key-00000002')
  await call(one, 'a fox')
  await call(one, 'a fox')
  assert.is(started(), 4)
  assert.equal(
    pod.emulator.ledger.runs.map(({ groupId }) => groupId),
    Array(4).fill('mcp'),
  )
})

test('a server that keeps no keys: no request_key, and its tools say so', async () => {
  // As a pod, whose health does not say that it keeps keys.
  const fetch: Fetch = async (url, init) => {
    const { body, status } = await globalThis.fetch(url, init)
    return new Response(body, { status })
  }
  const headless = await openPod({}, { fetch })
  try {
    const { host, call } = await opened(overHttp(mcpOf(headless)))
    const [{ description, inputSchema } = {}] = (await host.listTools()).tools as any[]
    assert.not.ok('request_key' in inputSchema.properties)
    assert.match(description, /look for its run with list_runs/)
    assert.ok((await call('Paint_a_picture', { request_key: 'key-00000001' })).isError)
    assert.is(headless.emulator.ledger.runs.length, 0)
  } finally {
    await headless.close()
  }
})

test('a run that takes long: the call answers with the id, a time-out of the host cancels nothing', async () => {
  const { call } = await opened(overStdio(pod, ['--reply-after', '0.2']))
  const first = await call('Held', { prompt: 'a', request_key: 'key-00000001' })
  assert.match(
    first.text,
    new RegExp(`^Run ${first.runId}: (started|queued|running).* It goes on: call wait_run`),
  )
  const patient = await opened(overStdio(pod))
  const waiting = patient.call('wait_run', { run_id: first.runId }, { timeout: 300 })
  assert.match(await waiting.then(String, String), /timed out/i)
  await until(() => pod.emulator.stateOf(first.runId)?.status === 'running')
  const again = await call('Held', { prompt: 'a', request_key: 'key-00000001' })
  assert.is(again.runId, first.runId)
  pod.release()
  const last = await patient.call('wait_run', { run_id: first.runId })
  assert.match(last.text, 'completed')
  assert.is(started(), 1)
})

test('cancel_run, list_runs, get_output; a failed run, and an unknown one', async () => {
  const { call } = await opened(overHttp(mcpOf(pod)))
  assert.is((await call('list_runs')).text, 'There are no runs.')
  const held = await call('Held', { prompt: 'a' })
  await call('cancel_run', { run_id: held.runId })
  await until(() => pod.emulator.stateOf(held.runId)?.status === 'cancelled')
  const cancelled = await call('wait_run', { run_id: held.runId })
  assert.equal([cancelled.isError, cancelled.text], [true, `Run ${held.runId}: cancelled.`])
  const failed = await call('wait_run', { run_id: (await call('Paint_a_picture', { prompt: 'fail' })).runId })
  assert.ok(failed.isError)
  assert.match(failed.text, /failed: .*out of memory/)
  const painted = await call('wait_run', { run_id: (await call('Paint_a_picture', { prompt: 'b' })).runId })
  const [{ name } = { name: '' }] = painted.links
  const output = await call('get_output', { name })
  assert.equal(output.images, painted.images)
  assert.is(output.links[0]!.name, name)
  const runs = (await call('list_runs')).text.split('\n')
  assert.is(runs.length, 3)
  assert.match(runs[0]!, name)
  for (const [tool, args] of [
    ['wait_run', { run_id: 'nobody' }],
    ['wait_run', {}],
    ['get_output', { name: 'nothing.png' }],
    ['no_such_tool', {}],
    ['Paint_a_picture', { prompt: 1 }],
    ['Paint_a_picture', { wrong: 'x' }],
    ['Paint_a_picture', { request_key: 'short' }],
  ] as const) {
    assert.ok((await call(tool, args)).isError, tool)
  }
  assert.is(started(), 3)
})

test('a result has at most 140,000 characters, and a picture that is too large for it is a link', async () => {
  const { call } = await opened(overHttp(mcpOf(pod)))
  const result = async (name: string, args = {}) =>
    call('wait_run', { run_id: (await call(name, args)).runId })
  const many = await result('Many_texts')
  assert.ok(many.length > 60_000 && many.length <= 140_000, `${many.length}`)
  assert.ok(many.text.startsWith('Run '))
  assert.match(many.text, 'and 10 more, for get_output: ')
  assert.is(many.links.length, 20)
  const large = await result('Paint_a_picture', { prompt: 'large' })
  assert.equal([large.images.length, large.links[0]!.size], [0, noise(1000).length])
})

test('files: what a call may give, and what is refused before anything runs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-files-'))
  const outside = mkdtempSync(join(tmpdir(), 'mcp-outside-'))
  try {
    const bytes = Buffer.from(noise(4))
    writeFileSync(join(folder, 'photo.png'), bytes)
    writeFileSync(join(outside, 'secret.png'), bytes)
    symlinkSync(join(outside, 'secret.png'), join(folder, 'link.png'))
    symlinkSync(outside, join(folder, 'away'))
    mkdirSync(join(folder, 'folder'))
    const data = `data:image/png;base64,${bytes.toString('base64')}`
    const stdio = await opened(overStdio(pod, ['--files', folder]))
    const http = await opened(overHttp(mcpOf(pod, { files: folder, inputHosts: ['files.test'] })))
    const { links } = await stdio.call('Paint_a_picture', { prompt: 'a' })
    const output = links[0]!.name
    const made = Buffer.from(await (await fetch(links[0]!.uri)).arrayBuffer())
    const given = async (host: Connected, image: unknown): Promise<any> => {
      pod.seen.length = 0
      const { isError, text, runId } = await host.call('Paint_a_picture', { image })
      if (isError) {
        assert.match(text, 'Nothing was run')
        assert.is(pod.seen.length, 0)
        return text.replace('image: ', '').replace(/ Nothing was run.*/, '')
      }
      await until(() => pod.emulator.stateOf(runId)?.status === 'completed')
      return Buffer.from((pod.seen[0]!.image as { data: Uint8Array }).data)
    }
    assert.equal(await given(stdio, 'photo.png'), bytes)
    assert.equal(await given(stdio, join(folder, 'photo.png')), bytes)
    for (const host of [stdio, http]) {
      assert.equal(await given(host, output), made)
      assert.equal(await given(host, data), bytes)
    }
    const leads = 'the path leads out of the allowed folder.'
    for (const path of [
      'link.png',
      'away/secret.png',
      '../x.png',
      join(outside, 'secret.png'),
      '/etc/hostname',
      '.',
    ])
      assert.is(await given(stdio, path), leads, path)
    assert.is(await given(stdio, 'no/such.png'), 'there is no such file.')
    assert.is(await given(stdio, 'folder'), 'the file is a folder; pass a file.')
    assert.is(await given(http, join(folder, 'photo.png')), 'paths are not allowed here.')
    assert.match(await given(http, 'photo.png'), 'there is no file and no output of this name')
    const urls = 'URLs must be data:, or https: on files.test.'
    for (const url of ['http://files.test/a.png', 'https://other.test/a.png', 'https://u:p@files.test/a.png'])
      assert.is(await given(http, url), urls, url)
    assert.is(await given(http, 'https://files.test:8443/a.png'), urls)
    assert.is(await given(stdio, 'file:///etc/hostname'), 'URLs must be data:.')
    assert.match(await given(http, `data:image/png;base64,${'A'.repeat(2_900_000)}`), 'at most 2 MB')
    assert.match(await given(http, 'data:nonsense'), 'no data: URL')
    const list = await http.call('Paint_a_picture', { many: [data, output] })
    await until(() => pod.emulator.stateOf(list.runId)?.status === 'completed')
    assert.is((pod.seen.at(-1)!.many as unknown[]).length, 2)
  } finally {
    rmSync(folder, { recursive: true })
    rmSync(outside, { recursive: true })
  }
})

test('an input named request_key is renamed', async () => {
  const { call } = await opened(overHttp(mcpOf(pod)))
  const { runId } = await call('Paint_a_picture', { request_key_2: 'its own', request_key: 'key-00000001' })
  await until(() => pod.emulator.stateOf(runId)?.status === 'completed')
  assert.is(pod.seen[0]!.request_key, 'its own')
})

test('an address of an allowed host goes to the server as it is', async () => {
  const answers = {
    '/api/v1/comfy/workflows': [{ id: 'w', name: 'W', inputs: { image: 'image' }, outputs: {} }],
  }
  const fetch = fakeFetch(({ pathname }) => ok(Object(answers)[pathname] ?? { run_id: 'r1' }))
  const client = createClient({
    ...{ baseUrl: 'http://pod.test', apiKey: CANARY, fetch },
    idempotency: idempotencyWhereKept(),
  })
  const { call } = await opened(overHttp(createMcp(client, { token, inputHosts: ['files.test'] })))
  assert.is((await call('W', { image: 'https://files.test/a.png?b=1' })).runId, 'r1')
  const body = fetch.calls.at(-1)!.init.body
  const sent = await new Response(body as BodyInit, {
    headers: fetch.calls.at(-1)!.init.headers as HeadersInit,
  }).text()
  assert.match(sent, 'https://files.test/a.png?b=1')
})

test('progress only grows, however the run says it', async () => {
  const states = [
    ...[{ status: 'queued', position: 2 }, { status: 'queued', position: 1 }, { status: 'running' }],
    ...[{ status: 'running', progress: 0.5 }, { status: 'running', progress: 0.2 }, { status: 'paused' }],
    { status: 'completed' },
  ]
  const fetch = fakeFetch(() => ok({ _id: 'r1', ...(states.length > 1 ? states.shift() : states[0]) }))
  const client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch })
  for (const era of eras) {
    const { call } = await opened(overHttp(createMcp(client, { token }), era))
    const told: number[] = []
    const onprogress = ({ progress }: { progress: number }) => told.push(progress)
    await call('wait_run', { run_id: 'r1' }, { onprogress })
    assert.equal(told, era === 'auto' ? [0, 0.5, 1] : [1])
  }
})

test('options are checked', () => {
  for (const wrong of [
    { workflow: [] },
    { workflows: 'a' },
    { groupId: '' },
    { replyAfterMs: -1 },
    { files: '' },
    { inputHosts: [1] },
    { token: 'short' },
    { hosts: [''] },
    { onError: 1 },
  ]) {
    throws(() => createMcp(pod.client, wrong as never), ArgumentError)
  }
})
