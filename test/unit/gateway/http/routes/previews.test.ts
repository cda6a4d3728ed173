// The links to the pictures of runs at work: who gets them, and what they open.
import {
  createHttpApi,
  type Engine,
  type HttpApi,
  type Preview,
  type Run,
  type RunUpdate,
  type Submission,
} from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { createSign } from '../../../../../packages/gateway/src/http/links.ts'
import { DIALECTS } from '../../../../../packages/gateway/src/internal.ts'
import { eventsOf } from '../../../../support/eventsOf.ts'
import { fakeClock } from '../../../../support/fakes.ts'
import { until } from '../../../../support/until.ts'
import { draft, fakeEngine, run } from '../../fakeEngine.ts'

const test = suite('previews of a run')
const KEY = 'secret'
const ORIGIN = 'http://gateway.test'
const picture: Preview = { type: 'image/png', data: new Uint8Array([0x89, 0x50, 0x4e, 0x47]) }
const pictured: Run = { ...run, preview: 7 }
const sign = createSign('a secret')

const apiOf = (own: Partial<Engine> = {}, options: object = {}): HttpApi =>
  createHttpApi({
    engine: fakeEngine({
      getRun: async (id) => (id === 'r1' || id === 'r2' ? { ...pictured, id } : undefined),
      readPreview: async (id) => (id === 'r1' || id === 'r2' ? picture : undefined),
      ...own,
    }),
    dialect: 'readme',
    apiKey: KEY,
    sign,
    urlTtlMs: 60_000,
    oneOrigin: true,
    makeRequestId: () => 'id',
    name: 'gateway',
    ...options,
  })

const ask = (api: HttpApi, path: string, init: RequestInit = {}): Promise<Response> =>
  api.handle(new Request(new URL(path, ORIGIN), { headers: { 'x-api-key': KEY }, ...init }), {
    filesUrl: ORIGIN,
  })

const linkOf = async (api: HttpApi, id = 'r1'): Promise<string> =>
  (await (await ask(api, `/api/v1/runs/${id}`)).json()).data.preview

let after = (): void => {}
test.after.each(() => {
  after()
  after = () => {}
})

test('a run with a picture has a link to it, and a list and a run without one have none', async () => {
  for (const dialect of DIALECTS) {
    const api = apiOf({ getRuns: async () => ({ runs: [pictured], total: 1 }) }, { dialect })
    const link = await linkOf(api)
    assert.match(link, /^\/api\/v1\/runs\/r1\/preview\?number=7&expires=\d{13}&signature=[0-9a-f]{64}$/)
    assert.is(await linkOf(api), link, 'a page does not load a picture twice')
    assert.not.match(await (await ask(api, '/api/v1/runs?group_id=g')).text(), /preview/)
    assert.not.match(
      await (await ask(apiOf({ getRun: async () => run }), '/api/v1/runs/r1')).text(),
      /preview/,
    )
    const answer = await ask(api, link, { headers: {} })
    assert.is(answer.status, 200)
    assert.equal(new Uint8Array(await answer.arrayBuffer()), picture.data)
    const names = ['content-type', 'cache-control', 'x-content-type-options', 'content-security-policy']
    const headers = names.map((name) => answer.headers.get(name))
    assert.equal(headers, ['image/png', 'no-store', 'nosniff', 'sandbox'])
  }
})

test('a link opens its run alone, until it expires', async () => {
  const clock = fakeClock()
  after = () => clock.uninstall()
  const api = apiOf()
  const link = await linkOf(api)
  const url = new URL(link, ORIGIN)
  const signatureOf = async (text: string): Promise<string> => `signature=${await sign(text)}`
  const expires = url.searchParams.get('expires')!
  const path = '/api/v1/runs/r1/preview'
  for (const [about, bad, status] of [
    ['another run', link.replace('/r1/', '/r2/'), 403],
    ["another run's link", (await linkOf(api, 'r2')).replace('/r2/', '/r1/'), 403],
    ['another number', link.replace('number=7', 'number=8'), 403],
    ['a later end', link.replace(expires, `${Number(expires) + 1}`), 403],
    ['an end that is none', link.replace(expires, 'never'), 403],
    ['a changed signature', link.replace(/.$/, (last) => (last === '0' ? '1' : '0')), 403],
    ['a shorter signature', link.slice(0, -1), 403],
    ['a signature in capitals', link.replace(/[^=]+$/, (hex) => hex.toUpperCase()), 403],
    ['the signature of a file', link.replace(/signature=.*/, await signatureOf(`${path}\n${expires}`)), 403],
    [
      'parts in another place',
      link.replace('/r1/', '/r1%0A7/').replace('number=7', `number=${expires}`),
      403,
    ],
    ['no signature', link.replace(/&signature.*/, ''), 422],
    ['no end', link.replace(/&expires=\d+/, ''), 422],
    ['no number', link.replace('number=7&', ''), 422],
  ] as const) {
    assert.not(bad === link, about)
    for (const headers of [{}, { 'x-api-key': KEY }] as HeadersInit[])
      assert.is((await ask(api, bad, { headers })).status, status, about)
  }
  // The latest picture is served, whatever number the link has, and no signature of a preview opens a file.
  assert.is((await ask(api, link, { headers: {} })).status, 200)
  const file = `/generations/r1/a.png?expires=${expires}&signature=${url.searchParams.get('signature')}`
  assert.is((await ask(api, file, { headers: {} })).status, 403)
  await clock.tick(4 * 60_000)
  assert.is((await ask(api, link, { headers: {} })).status, 200)
  await clock.tick(60_000)
  const late = await ask(api, link, { headers: {} })
  assert.is(late.status, 403)
  assert.not.match(await late.text(), /[0-9a-f]{20}/)
})

test('a run without a picture, and an engine without previews, are a 404', async () => {
  const link = await linkOf(apiOf())
  const { readPreview: _, ...engine } = fakeEngine({ readPreview: async () => undefined })
  for (const api of [apiOf({ readPreview: async () => undefined }), apiOf({}, { engine })]) {
    assert.is((await ask(api, link, { headers: {} })).status, 404)
  }
  assert.is((await ask(apiOf(), link, { method: 'POST' })).status, 405)
})

test('a submission asks by previews=1, and an Idempotency-Key does not count it', async () => {
  const asked: Submission[] = []
  const hashes = new Set<string>()
  const api = apiOf({
    findKey: async () => undefined,
    draft: async () => ({
      ...draft,
      submit: async (submission) => {
        asked.push(submission)
        hashes.add(submission.once!.hash)
        return { run, number: 1 }
      },
    }),
  })
  for (const start of ['/api/v1/runs?workflow_id=w&', '/api/v1/workflows/w/runs?']) {
    for (const [query, expected] of [
      ['previews=1', true],
      ['', false],
      ['previews=0', 422],
      ['previews=true', 422],
      ['previews=', 422],
    ] as const) {
      asked.length = 0
      const answer = await ask(api, start + query, {
        method: 'POST',
        body: new URLSearchParams({ text: 'a' }),
        headers: { 'x-api-key': KEY, 'idempotency-key': 'k' },
      })
      assert.is(answer.status === 200 ? asked[0]!.previews : answer.status, expected, start + query)
    }
  }
  assert.is(hashes.size, 1)
})

test('events and sockets carry the link, signed once, and no state comes after a newer one', async () => {
  const signed: Promise<string>[] = []
  let tell: (run: Run) => void = () => {}
  const listeners = new Set<(run: Run) => void>()
  const api = apiOf(
    {
      getRun: async () => run,
      watch(listener) {
        listeners.add(listener)
        tell = (news) => listeners.forEach((hear) => void hear(news))
        return () => listeners.delete(listener)
      },
    },
    {
      sign: (text: string) => {
        signed.push(sign(text))
        return signed.at(-1)
      },
    },
  )
  const heard: RunUpdate[] = []
  api.watch((update) => heard.push(update))
  const events: RunUpdate[] = []
  const reading = (async () => {
    for await (const { data } of eventsOf(await ask(api, '/api/v1/runs/r1/events'))) events.push(data)
  })()
  await until(() => events.length === 1)
  tell(pictured)
  tell({ ...pictured, progress: 0.6 })
  await until(() => heard.length === 1)
  assert.is(heard[0]!.progress, 0.6)
  tell({ ...pictured, progress: 0.7 })
  assert.is(heard.length, 2, 'a known signature takes no time')
  assert.is(heard[1]!.preview, heard[0]!.preview)
  await until(() => events.at(-1)!.progress === 0.7)
  assert.is(events.at(-1)!.preview, heard[0]!.preview)
  assert.is(signed.length, 1)
  tell({ ...pictured, preview: 8 })
  tell({ ...run, status: 'completed', progress: 1 })
  await reading
  assert.is(events.at(-1)!.status, 'completed')
  await until(() => signed.length === 2)
  // What waited for the signature has gone on by then.
  await signed[1]
  await new Promise(setImmediate)
  assert.equal([heard.at(-1)!.status, heard.length], ['completed', 3])
  assert.is(heard.at(-1)!.preview, undefined)
})
