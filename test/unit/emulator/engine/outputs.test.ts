import { assert, suite } from '#test'
import { type Api, ended, open, TRANSPORTS } from '../kit.ts'

const letter = {
  id: 'letter',
  name: 'Letter',
  description: 'Writes a text',
  inputs: {},
  outputs: { text: 'file', picture: 'image', raw: 'file', sound: 'audio' },
  run: () => ({
    text: { data: new TextEncoder().encode('grüße'), type: 'text/plain; charset=utf-8' },
    picture: { data: new Uint8Array([1, 2, 3]), type: 'image/jpeg' },
    raw: { data: new Uint8Array(0), type: 'application/x-own' },
    sound: { data: new Uint8Array([4]), type: 'Audio/FLAC; rate=44100' },
  }),
} as const

for (const transport of TRANSPORTS) {
  const test = suite(`files, ${transport}`)
  let api: Api
  let links: string[]

  test.before(async () => {
    api = await open(transport, { workflows: [letter] })
    const run = await ended(api, await api.run('letter'))
    links = run.outputs.map(({ url }: { url: string }) => url)
  })
  test.after(() => api.close())

  async function refusal(url: string, init?: RequestInit): Promise<[number, string]> {
    const response = await api.fetch(url, init)
    assert.is(response.headers.get('content-type'), 'application/xml')
    const text = await response.text()
    assert.match(text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<Error><Code>/)
    return [response.status, /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '']
  }

  test('types, extensions, lengths', async () => {
    const answers = await Promise.all(links.map((link) => api.fetch(link)))
    assert.equal(
      answers.map(({ status, headers }) => [
        status,
        headers.get('content-type'),
        headers.get('content-length'),
      ]),
      [
        [200, 'text/plain; charset=utf-8', '7'],
        [200, 'image/jpeg', '3'],
        [200, 'application/x-own', '0'],
        [200, 'Audio/FLAC; rate=44100', '1'],
      ],
    )
    assert.equal(
      links.map((link) => new URL(link).pathname.split('.').at(-1)),
      ['txt', 'jpg', 'bin', 'flac'],
    )
    assert.is(await answers[0]!.text(), 'grüße')
    assert.equal(new Uint8Array(await answers[1]!.arrayBuffer()), new Uint8Array([1, 2, 3]))
    assert.is((await answers[2]!.arrayBuffer()).byteLength, 0)
  })

  test('HEAD', async () => {
    const { status, headers, body } = await api.fetch(links[0]!, { method: 'HEAD' })
    assert.equal([status, headers.get('content-length'), body], [200, '7', null])
  })

  for (const [range, ...expected] of [
    ['bytes=0-1', 206, 'gr', 'bytes 0-1/7'],
    ['bytes=-1', 206, 'e', 'bytes 6-6/7'],
    ['bytes=6-99', 206, 'e', 'bytes 6-6/7'],
    ['bytes=7-', 416, '', 'bytes */7'],
    ['bytes=0-1,3-4', 200, 'grüße', null],
    ['lines=0-1', 200, 'grüße', null],
    ['none', 200, 'grüße', null],
  ] as const) {
    test(`range: ${range}`, async () => {
      const answer = await api.fetch(links[0]!, { headers: { range } })
      const text = await answer.text()
      assert.equal([answer.status, text, answer.headers.get('content-range')], expected)
      assert.is(answer.headers.get('accept-ranges'), 'bytes')
    })
  }

  test('a range of a version that the caller has comes whole', async () => {
    const headers = { range: 'bytes=0-1', 'if-range': '"x"' }
    assert.is((await api.fetch(links[0]!, { headers })).status, 200)
  })

  test('the link is on the other origin and does not show the key', () => {
    for (const link of links) {
      assert.is(new URL(link).origin, api.filesUrl)
      assert.is.not(new URL(link).origin, api.url)
      assert.match(link, /\?expires=\d{13}&signature=[0-9a-f]{32}$/)
      assert.not.match(link, api.emulator.apiKey)
    }
  })

  test('a changed link', async () => {
    const [link] = links
    const other = new URL(links[1]!)
    assert.equal(await refusal(link!.replace(/.$/, (last) => (last === '0' ? '1' : '0'))), [
      403,
      'SignatureDoesNotMatch',
    ])
    assert.equal(await refusal(link!.replace(/expires=\d/, 'expires=9')), [403, 'SignatureDoesNotMatch'])
    assert.equal(await refusal(`${api.filesUrl}${other.pathname}${new URL(link!).search}`), [
      403,
      'SignatureDoesNotMatch',
    ])
    assert.equal(await refusal(link!.replace(/&signature.*/, '')), [403, 'AccessDenied'])
    assert.equal(await refusal(`${api.filesUrl}/`), [403, 'AccessDenied'])
    assert.equal(await refusal(`${api.filesUrl}/api/v1/runs`), [403, 'AccessDenied'])
    assert.equal(await refusal(link!, { method: 'PUT', body: 'x' }), [405, 'MethodNotAllowed'])
  })

  test('a request with a key is refused and counted', async () => {
    const before = api.emulator.stats.keysRefusedAtFiles
    for (const headers of [
      { 'X-API-KEY': api.emulator.apiKey },
      { 'x-api-key': 'any' },
      { Authorization: 'Bearer x' },
    ]) {
      assert.equal(await refusal(links[0]!, { headers }), [400, 'InvalidArgument'])
    }
    assert.is(api.emulator.stats.keysRefusedAtFiles, before + 3)
    assert.is((await api.fetch(links[0]!, { headers: { 'x-other': 'fine' } })).status, 200)
    assert.is(api.emulator.stats.keysRefusedAtFiles, before + 3)
  })

  test('files are not served by the API origin', async () => {
    const { pathname, search } = new URL(links[0]!)
    assert.is((await api.get(pathname + search)).status, 404)
  })

  test('an expired link gives 403, a fresh one works', async () => {
    const short = await open(transport, { workflows: [letter], urlTtlMs: 60_000 })
    const run = await ended(short, await short.run('letter'))
    const [{ url, filename }] = run.outputs
    assert.is((await short.fetch(url)).status, 200)
    const { now } = Date
    Date.now = () => now() + 60_001
    try {
      await expire(short, url, filename)
    } finally {
      Date.now = now
      await short.close()
    }
  })

  async function expire(short: Api, url: string, filename: string): Promise<void> {
    const text = await (await short.fetch(url)).text()
    assert.match(
      text,
      /<Error><Code>AccessDenied<\/Code><Message>Request has expired<\/Message><Expires>[-0-9T:.]+Z<\/Expires><ServerTime>[-0-9T:.]+Z<\/ServerTime><\/Error>$/,
    )
    assert.is((await short.fetch(url)).status, 403)
    const { body } = await short.get(`/api/v1/runs/output?filename=${filename}`)
    assert.is((await short.fetch(body.data.download_url)).status, 200)
  }
}
