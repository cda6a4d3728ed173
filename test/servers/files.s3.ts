// Files in a real S3.
import { request } from 'node:http'
import { assert, rejects } from '#test'
import { EngineError } from '../../packages/gateway/src/engine.ts'
import { type S3Options, s3Files } from '../../packages/gateway/src/files/s3Files.ts'
import { assertNoCanary } from '../support/canary.ts'
import { rejection } from '../support/fakes.ts'
import { freePort } from '../support/listen.ts'
import { type Bucket, startS3 } from '../support/startS3.ts'
import { type Servers, suiteWithServers } from '../support/suiteWithServers.ts'
import { until } from '../support/until.ts'
import { body as ofSize, sizeOf, suiteOfFiles } from '../unit/gateway/files/filesSuite.ts'
import { bytes } from '../unit/gateway/queue/suite.ts'

const MB = 2 ** 20
const s3 = await startS3()
const filesIn = ({ name }: Pick<Bucket, 'name'>, more: Partial<S3Options> = {}) =>
  s3Files({ url: `s3://${name}/files/of-runs`, endpoint: s3.endpoint, ...s3.keys, ...more })

suiteOfFiles('files in S3', async () => {
  const bucket = await s3.makeBucket()
  return {
    make: () => filesIn(bucket),
    async remove() {
      assert.equal(await bucket.uploads(), [])
      assert.equal(
        (await bucket.keys()).filter((key) => !key.startsWith('files/of-runs/')),
        [],
      )
    },
  }
})

const test = suiteWithServers('S3')
test.after(() => s3.stop())

/** What happens to a request that would go on to S3. */
type Fault = 'reset' | { status: number; text?: string } | undefined

/** A proxy in front of S3, which notes the requests. */
async function openProxy({ listen }: Servers, toFault: (line: string) => Fault = () => undefined) {
  const lines: string[] = []
  const counts = { cut: 0 }
  const proxy = await listen((asked, answer) => {
    const line = `${asked.method} ${asked.url!.replace(/^\/[^/?]*/, '')}`
    lines.push(line)
    const fault = toFault(line)
    if (fault === 'reset') return void asked.socket.destroy()
    if (fault) {
      const { status, text = '' } = fault
      // Once it has read what comes, as S3 does.
      return void asked.resume().on('end', () => answer.writeHead(status).end(text))
    }
    const { method, url: path, headers } = asked
    const passed = request(`${s3.endpoint}${path}`, { method: method!, headers }, (found) => {
      answer.writeHead(found.statusCode!, found.headers)
      found.pipe(answer)
    })
    asked.pipe(passed)
    answer.on('close', () => {
      if (!answer.writableFinished) counts.cut++
      passed.destroy()
    })
    passed.on('error', () => answer.destroy())
  })
  return { ...proxy, lines, counts }
}

test('a file of one part is one request, a larger one an upload of parts', async (servers) => {
  const bucket = await s3.makeBucket()
  const proxy = await openProxy(servers)
  const files = filesIn(bucket, { endpoint: proxy.url })
  const methodsOf = async (size: number) => {
    proxy.lines.length = 0
    await files.put('out', 'r', 'a.png', ofSize(size))
    return proxy.lines.map((line) => line.split(' ')[0]).join(' ')
  }
  assert.is(await methodsOf(0), 'PUT')
  assert.is(await methodsOf(8 * MB), 'PUT')
  assert.is(await methodsOf(16 * MB + 1), 'POST PUT PUT PUT POST')
  // As a link of S3 itself gives it.
  assert.is((await bucket.send('GET', '/files/of-runs/out/r/a.png')).headers.get('content-type'), 'image/png')
  proxy.lines.length = 0
  assert.is((await files.open('out', 'r', 'a.png', new Headers({ range: 'bytes=99999999-' })))?.status, 416)
  assert.is(proxy.lines.length, 1)
})

test('an upload goes on when S3 is away for a moment', async (servers) => {
  const bucket = await s3.makeBucket()
  const faults: Fault[] = [{ status: 503, text: '<Code>SlowDown</Code>' }, 'reset', { status: 500 }]
  const proxy = await openProxy(servers, (line) =>
    /^PUT.*partNumber=2/.test(line) ? faults.shift() : undefined,
  )
  const files = filesIn(bucket, { endpoint: proxy.url })
  await files.put('out', 'r', 'a.mp4', ofSize(20 * MB))
  assert.is(faults.length, 0)
  assert.is(await sizeOf((await files.open('out', 'r', 'a.mp4', new Headers()))!), 20 * MB)
})

test('what fails for longer is 503 with its reason, leaves nothing, and lets the caller go', async (servers) => {
  const large = 20 * MB
  const refusal = `<Error><Code>AccessDenied</Code><Message>${s3.keys.secretAccessKey}</Message></Error>`
  const cases: [what: string, size: number, fault: (line: string) => Fault, requests: number, RegExp][] = [
    ['away', 9, () => 'reset', 4, /PUT \(UND_ERR_SOCKET|ECONNRESET\)/],
    ['overloaded', 9, () => ({ status: 503, text: '<Code>SlowDown</Code>' }), 4, /PUT with 503 SlowDown$/],
    ['may not', 9, () => ({ status: 403, text: refusal }), 1, /PUT with 403 AccessDenied$/],
    ['elsewhere', 9, () => ({ status: 301 }), 1, /PUT with 301$/],
    [
      'the beginning',
      large,
      (line) => (/^POST/.test(line) ? { status: 503 } : undefined),
      1,
      /POST with 503$/,
    ],
    [
      'a part',
      large,
      (line) => (/^PUT.*Number=2/.test(line) ? { status: 503 } : undefined),
      7,
      /PUT with 503$/,
    ],
    [
      'the end',
      large,
      (line) => (/^POST.*=2/.test(line) ? { status: 200, text: '<Error/>' } : undefined),
      6,
      /join/,
    ],
  ]
  for (const [what, size, toFault, requests, reason] of cases) {
    const bucket = await s3.makeBucket()
    const proxy = await openProxy(servers, toFault)
    const files = filesIn(bucket, { endpoint: proxy.url })
    let isCancelled = false
    const source = ofSize(size).getReader()
    const sent = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await source.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        isCancelled = true
      },
    })
    const error = await rejection(files.put('in', 'r', 'a.mp4', sent))
    await rejects(Promise.reject(error), EngineError, { status: 503, retryAfterS: 5 })
    assert.match(error.message, reason)
    assert.is(proxy.lines.length, requests, what)
    assert.is(isCancelled, ['the beginning', 'a part'].includes(what), what)
    assert.equal([await bucket.uploads(), await bucket.keys()], [[], []], what)
  }
})

test('a file is read once somebody reads it, and again from its start if S3 is away for a moment', async (servers) => {
  const bucket = await s3.makeBucket()
  const faults: Fault[] = ['reset', { status: 503 }]
  const proxy = await openProxy(servers, (line) => (line.startsWith('GET') ? faults.shift() : undefined))
  const files = filesIn(bucket, { endpoint: proxy.url })
  await files.put('out', 'r', 'a.txt', bytes('text'))
  const open = async () => (await files.open('out', 'r', 'a.txt', new Headers()))!
  const { body } = await open()
  await (await open()).body!.cancel()
  assert.is(proxy.lines.filter((line) => line.startsWith('GET')).length, 0)
  assert.is(await new Response(body).text(), 'text')
  assert.is(faults.length, 0)
  // Nor longer than somebody reads.
  await files.put('out', 'r', 'a.mp4', ofSize(20 * MB))
  const reader = (await files.open('out', 'r', 'a.mp4', new Headers()))!.body!.getReader()
  await reader.read()
  await reader.cancel()
  await until(() => proxy.counts.cut === 1)
})

test('whether files can be kept is known at the start', async (servers) => {
  const bucket = await s3.makeBucket()
  const place = await filesIn(bucket).place()
  assert.is(place, `${s3.endpoint}/${bucket.name}/files/of-runs/`)
  assert.is(await filesIn(bucket, { endpoint: `${s3.endpoint}/` }).place(), place)
  assert.is(await filesIn(bucket, { url: `s3://${bucket.name}/` }).place(), `${s3.endpoint}/${bucket.name}/`)
  const unlisted = await openProxy(servers, (line) => (line.startsWith('GET') ? { status: 403 } : undefined))
  const wrong: [Partial<S3Options>, reason: RegExp][] = [
    [{ url: 's3://no-such-bucket' }, /PUT with 404 NoSuchBucket$/],
    [{ secretAccessKey: 'another' }, /PUT with 403 SignatureDoesNotMatch$/],
    [{ accessKeyId: 'another' }, /PUT with 403 InvalidAccessKeyId$/],
    [{ endpoint: `http://127.0.0.1:${await freePort()}` }, /PUT \(ECONNREFUSED\)$/],
    [{ endpoint: unlisted.url }, /GET with 403$/],
  ]
  for (const [more, reason] of wrong) {
    const error = await rejection(filesIn(bucket, more).place())
    assert.match(error.message, reason)
    await rejects(Promise.reject(error), EngineError, { status: 503 })
  }
})

test('with redirectLinks, outputs have a link of S3, which gives the file and no more', async () => {
  const bucket = await s3.makeBucket()
  const files = filesIn(bucket, { redirectLinks: true })
  const name = "ü ñ+(1)'.png"
  for (const kind of ['in', 'out'] as const) await files.put(kind, 'r', name, bytes('0123456789'))
  const open = async (kind: 'in' | 'out', headers = {}) =>
    (await files.open(kind, 'r', name, new Headers(headers)))!.headers
  const link = (await open('out')).get('location')!
  assertNoCanary(link)
  const found = await fetch(link)
  assert.equal([found.headers.get('content-type'), await found.text()], ['image/png', '0123456789'])
  const part = await fetch(link, { headers: { range: 'bytes=2-4' } })
  assert.equal([part.status, await part.text()], [206, '234'])
  assert.is((await fetch(link.replace('/out/', '/in/'))).status, 403)
  assert.is((await fetch(link, { method: 'DELETE' })).status, 403)
  assert.is(new URL(link).searchParams.get('X-Amz-Expires'), '900')
  const etag = (await open('out')).get('etag')!
  assert.ok((await open('out', { range: 'bytes=2-4' })).get('location'))
  assert.is((await open('out', { 'if-none-match': etag })).get('location'), null)
  assert.is((await open('out', { range: 'bytes=10-' })).get('location'), null)
  assert.is((await open('in')).get('location'), null)
})

test('more files than a list of S3 has go, too', async (servers) => {
  const bucket = await s3.makeBucket()
  const names = Array.from({ length: 5 }, (_, index) => `${index}`)
  for (const name of names) await filesIn(bucket).put('in', 'r', name, bytes(name))
  const lists: string[] = []
  // Without waiting for a thousand files.
  const proxy = await servers.listen(async ({ method, url }, answer) => {
    const path = url!.slice(`/${bucket.name}`.length)
    if (method === 'GET') lists.push(path)
    const found = await bucket.send(method!, method === 'GET' ? `${path}&max-keys=2` : path)
    answer.writeHead(found.status).end(await found.text())
  })
  await filesIn(bucket, { endpoint: proxy.url }).removeInputs('r')
  assert.equal([lists.length, await bucket.keys()], [3, []])
})
