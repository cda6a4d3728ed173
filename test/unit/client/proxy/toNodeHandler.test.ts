// Handlers on real servers of Node's, HTTP/1.1 and HTTP/2, and requests as raw as a socket.
import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { ArgumentError } from '@flowscale/client'
import { toNodeHandler } from '@flowscale/client/proxy'
import { assert, suite, throws } from '#test'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { listen } from '../../../support/listen.ts'
import { collect } from '../../../support/memory.ts'
import { sendRaw } from '../../../support/proxied.ts'
import { until, untilStill } from '../../../support/until.ts'

const test = suite('toNodeHandler')
const { error: logError } = console
/** What was written to the console. */
const noted: unknown[] = []
test.before.each(() => {
  noted.length = 0
  console.error = (...values) => noted.push(...values)
})
test.after.each(async () => {
  console.error = logError
  await closeAll()
})
const mib = 1024 * 1024

type Handler = (request: Request) => Response | Promise<Response>
type Wrapped = ReturnType<typeof toNodeHandler>
type Listener = (incoming: IncomingMessage, outgoing: ServerResponse, handle: Wrapped) => unknown

/** Serves a handler. `latest` is the latest request. */
async function serve(handler: Handler, listener: Listener = (req, res, handle) => handle(req, res)) {
  const handle = toNodeHandler(handler)
  const served = { url: '', port: 0, latest: undefined as IncomingMessage | undefined }
  const { url } = closeLater(
    await listen((incoming, outgoing) => {
      served.latest = incoming
      listener(incoming, outgoing, handle)
    }),
  )
  return Object.assign(served, { url, port: Number(new URL(url).port) })
}

/** A connection that is written to as one likes, and what came of it. */
function open(port: number, ...parts: (string | Buffer)[]): { socket: Socket; text: () => string } {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  let text = ''
  socket.on('data', (data) => (text += data))
  for (const part of parts) socket.write(part)
  return { socket, text: () => text }
}

/** Asks as a caller who may leave. */
const ask = (url: string) =>
  request(url)
    .end()
    .on('error', () => {})
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** An answer that a test gives later. */
function later() {
  let answer: ((response: Response) => void) | undefined
  const response = new Promise<Response>((resolve) => {
    answer = resolve
  })
  return { response, answer: answer! }
}
const get = (target: string, more = 'Host: app.test\r\n') =>
  `GET ${target} HTTP/1.1\r\n${more}Connection: close\r\n\r\n`
const post = (length: number, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${length}\r\n\r\n`

test('a handler must be a function', () => {
  for (const wrong of [undefined, {}, 'a']) {
    throws(() => toNodeHandler(wrong as never), ArgumentError)
  }
})

test('the address: of the host that was asked for, whatever the path says', async () => {
  const { port } = await serve(({ url }) => new Response(url))
  const old = get('/', '').replace('HTTP/1.1', 'HTTP/1.0')
  for (const [bytes, url] of [
    [get('/api?a=1&b=%20'), 'http://app.test/api?a=1&b=%20'],
    [get('//evil.test/api'), 'http://app.test//evil.test/api'],
    [get('http://evil.test/api?a'), 'http://app.test/api?a'],
    [get('http://evil.test'), 'http://app.test/'],
    [get('/', 'Host: [::1]:3000\r\n'), 'http://[::1]:3000/'],
    [get('/', 'Host: 127.0.0.1:3000\r\n'), 'http://127.0.0.1:3000/'],
    [old, 'http://localhost/'],
  ] as const) {
    assert.is((await sendRaw(port, bytes)).body, url)
  }
})

test('the whole path where a framework took a part away, and its protocol', async () => {
  const { port } = await serve(
    ({ url }) => new Response(url),
    (incoming, outgoing, handle) => {
      const mounted = { originalUrl: incoming.url, url: '/rest', protocol: 'https' }
      handle(Object.assign(incoming, mounted), outgoing)
    },
  )
  assert.is((await sendRaw(port, get('/api/rest?a'))).body, 'https://app.test/api/rest?a')
})

test('a request that can’t be one is answered with 400', async () => {
  let asked = 0
  const { port } = await serve(() => {
    asked++
    return new Response('no')
  })
  for (const host of ['a b', 'a/b', 'a?', 'a#', 'u@a', 'a:99999999', '[', 'ä'])
    assert.is((await sendRaw(port, get('/', `Host: ${host}\r\n`))).status, 400, host)
  assert.is((await sendRaw(port, get('/').replace('GET', 'TRACE'))).status, 400)
  assert.is(asked, 0)
})

test('headers, repeated ones too, both ways; an answer without a body', async () => {
  const handler: Handler = ({ headers }) => {
    assert.equal([headers.get('x-a'), headers.get('cookie')], ['1, 2', 'a=1; b=2'])
    const answer = new Response(null, { status: 201 })
    answer.headers.append('set-cookie', 'c=3; Path=/')
    answer.headers.append('set-cookie', 'd=4')
    return answer
  }
  const { url } = await serve(handler, (incoming, outgoing, handle) => {
    outgoing.setHeader('set-cookie', ['earlier=1'])
    outgoing.setHeader('x-earlier', '1')
    handle(incoming, outgoing)
  })
  const asked = request(url, { headers: { 'x-a': ['1', '2'], cookie: ['a=1', 'b=2'] } }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  for await (const _ of answer) assert.unreachable()
  assert.is(answer.statusCode, 201)
  assert.equal(answer.headers['set-cookie'], ['earlier=1', 'c=3; Path=/', 'd=4'])
  assert.is(answer.headers['x-earlier'], '1')
})

test('GET and HEAD have no body, and an answer to HEAD has none', async () => {
  let cancelled = 0
  const { port } = await serve(({ body }) => {
    assert.is(body, null)
    return new Response(new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 }))
  })
  const { status, body } = await sendRaw(port, get('/').replace('GET', 'HEAD'))
  assert.equal([status, body, cancelled], [200, '', 1])
})

test('an upload is read no faster than the handler reads it', async () => {
  const { response: released, answer: release } = later()
  const served = await serve(async ({ body }) => {
    const reader = body!.getReader()
    let sum = (await reader.read()).value!.length
    await released
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) sum += piece.value.length
    return new Response(`${sum}`)
  })
  const { socket, text } = open(served.port, post(20 * mib), Buffer.alloc(20 * mib))
  await until(() => served.latest?.socket.bytesRead)
  const last = await untilStill(() => served.latest!.socket.bytesRead)
  assert.ok(last < mib, `${last} bytes were read of an upload that nobody reads`)
  release(new Response())
  await until(() => text().includes(`${20 * mib}`))
  socket.destroy()
})

test('an early answer to an upload arrives, and the connection goes on', async () => {
  const { port } = await serve(async (request) => {
    if (request.method === 'GET') return new Response('the next one')
    const reader = request.body!.getReader()
    await reader.read()
    // One cancels the rest, and the other forgets it.
    if (new URL(request.url).search) await reader.cancel()
    return new Response('too long', { status: 413 })
  })
  for (const search of ['', '?cancel']) {
    const { socket, text } = open(port, post(4 * mib, `/${search}`), Buffer.alloc(4 * mib))
    await until(() => text().includes('413'))
    socket.write(get('/'))
    await once(socket, 'close')
    assert.match(text(), /too long[\s\S]*the next one/)
  }
})

test('an upload that comes after its reader has lost interest', async () => {
  let cancelled = false
  const { response, answer } = later()
  const served = await serve(async ({ body }) => {
    const reader = body!.getReader()
    const read = reader.read()
    await reader.cancel()
    await read
    cancelled = true
    return response
  })
  const { socket, text } = open(served.port, post(4))
  await until(() => cancelled)
  socket.write('late')
  await until(() => served.latest!.complete)
  answer(new Response('never mind'))
  await until(() => text().includes('never mind'))
  socket.destroy()
})

test('an upload that breaks off is an error for its reader', async () => {
  let reason: unknown
  const served = await serve(async (request) => {
    reason = await request.text().catch((error) => error)
    return new Response()
  })
  const { socket } = open(served.port, `${post(9)}half`)
  await until(() => served.latest)
  socket.destroy()
  await until(() => reason)
  assert.match(`${reason}`, 'The caller left during the upload')
})

test('headers and events leave at once', async () => {
  const { readable, writable } = new TextEncoderStream()
  const writer = writable.getWriter()
  const { url } = await serve(() => new Response(readable))
  // Without a flush there would be no answer before the first event.
  const reader = (await fetch(url)).body!.pipeThrough(new TextDecoderStream()).getReader()
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    writer.write(text)
    assert.is((await reader.read()).value, text)
  }
  writer.close()
  assert.is((await reader.read()).done, true)
})

test('an answer is read no faster than the caller reads it', async () => {
  let pieces = 0
  const pull = (controller: ReadableStreamDefaultController) => {
    if (pieces++ < 320) controller.enqueue(new Uint8Array(64 * 1024))
    else controller.close()
  }
  const { url } = await serve(() => new Response(new ReadableStream({ pull }, { highWaterMark: 0 })))
  const [answer] = (await once(request(url).end(), 'response')) as [IncomingMessage]
  await until(() => pieces > 1)
  const last = await untilStill(() => pieces)
  assert.ok(last < 200, `${last} of 320 pieces for a caller that reads nothing`)
  let sum = 0
  for await (const piece of answer) sum += piece.length
  assert.is(sum, 20 * mib)
})

test('a caller that leaves aborts the signal, also when nothing else holds the request', async () => {
  const seen: string[] = []
  const { url } = await serve(({ signal }) => {
    signal.addEventListener('abort', () => seen.push(signal.reason.name))
    return new Promise(() => {})
  })
  const asked = Array.from({ length: 20 }, () => ask(url))
  await pause(100)
  collect()
  await pause(20)
  collect()
  for (const each of asked) each.destroy()
  await until(() => seen.length === 20)
  assert.is(seen[0], 'AbortError')
})

test('a caller that leaves an answer cancels its body; a whole answer aborts nothing', async () => {
  let cancelled = 0
  let over = 0
  const aborted: string[] = []
  const handler: Handler = ({ url, signal }) => {
    signal.addEventListener('abort', () => aborted.push(new URL(url).pathname))
    if (url.endsWith('/whole')) return new Response('whole')
    const pull = url.endsWith('/full')
      ? (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(mib))
      : () => new Promise<void>(() => {})
    return new Response(new ReadableStream({ pull, cancel: () => void cancelled++ }))
  }
  const { url } = await serve(handler, async (incoming, outgoing, handle) => {
    await handle(incoming, outgoing)
    over++
  })
  assert.is(await (await fetch(`${url}/whole`)).text(), 'whole')
  for (const path of ['/silent', '/full']) {
    const asked = ask(url + path)
    await once(asked, 'response')
    asked.destroy()
  }
  await until(() => cancelled === 2)
  assert.equal(aborted.sort(), ['/full', '/silent'])
  await until(() => over === 3)
})

test('an answer that comes after its caller has left is cancelled', async () => {
  let cancelled = 0
  let left: AbortSignal | undefined
  const { response, answer } = later()
  const { url } = await serve(({ signal }) => {
    left = signal
    return response
  })
  const asked = ask(url)
  await until(() => left)
  asked.destroy()
  await until(() => left!.aborted)
  answer(new Response(new ReadableStream({ cancel: () => void cancelled++ })))
  await until(() => cancelled)
})

test('what a handler throws goes to next, but not when its caller has left', async () => {
  const error = new Error('the words of an error')
  const nexts: unknown[] = []
  let over = 0
  let asked = 0
  const handler: Handler = async ({ url, signal }) => {
    asked++
    if (url.endsWith('/throw')) throw error
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const { url } = await serve(handler, async (incoming, outgoing, handle) => {
    await handle(incoming, outgoing, (given) => {
      nexts.push(given)
      outgoing.writeHead(418).end()
    })
    over++
  })
  assert.is((await fetch(`${url}/throw`)).status, 418)
  const leaving = ask(`${url}/leave`)
  await until(() => asked === 2)
  leaving.destroy()
  await until(() => over === 2)
  assert.is(nexts[0], error)
  assert.equal([nexts.length, noted], [1, []])
})

test('without next, an error is written to the console, and the answer is a 500 that tells nothing', async () => {
  const error = new Error('the words of an error')
  const handler: Handler = ({ url }) => {
    if (url.endsWith('/throw')) throw error
    return url.endsWith('/none') ? (undefined as never) : new Response('a', { headers: { 'x-a': '\x01' } })
  }
  const { url } = await serve(handler)
  // What is no answer, or has a header that Node refuses, is an error like any other.
  for (const path of ['/throw', '/none', '/header']) {
    const answer = await fetch(url + path)
    assert.equal([answer.status, await answer.text()], [500, ''], path)
  }
  assert.is(noted.length, 3)
  assert.is(noted[0], error)
})

test('an answer that breaks off is none that looks whole', async () => {
  const { port } = await serve(() => {
    let pieces = 0
    const pull = (controller: ReadableStreamDefaultController) => {
      if (pieces++) controller.error(new Error('the pod broke off'))
      else controller.enqueue(new TextEncoder().encode('a half'))
    }
    return new Response(new ReadableStream({ pull }))
  })
  const { body, isWhole, status } = await sendRaw(port, get('/'))
  assert.equal([status, body.includes('broke'), isWhole], [200, false, false])
  assert.equal(noted, [])
})

test('a body that was read before is an error that names the remedy, and no wait', async () => {
  const { url } = await serve(
    async (request) => new Response(await request.text()),
    async (incoming, outgoing, handle) => {
      for await (const _ of incoming);
      handle(incoming, outgoing)
    },
  )
  assert.is((await fetch(url, { method: 'POST', body: 'a form' })).status, 500)
  const [given] = noted as [ArgumentError]
  assert.is(given.code, 'ERR_FLOWSCALE_ARGUMENT')
  assert.match(given.message, /mount the proxy before express\.json\(\), multer/)
})

test('a caller that has left already costs nothing', async () => {
  let asked = 0
  let over = false
  const handler = () => {
    asked++
    return new Response()
  }
  const served = await serve(handler, async (incoming, outgoing, handle) => {
    await once(outgoing, 'close')
    await handle(incoming, outgoing)
    over = true
  })
  const asking = ask(served.url)
  await until(() => served.latest)
  asking.destroy()
  await until(() => over)
  assert.is(asked, 0)
})

test('HTTP/2: the host, the headers, an upload, and a caller that leaves', async () => {
  let left = 0
  const handler: Handler = async (request) => {
    const { url, method, headers, signal } = request
    if (url.endsWith('/stay')) {
      signal.addEventListener('abort', () => left++)
      return new Response(new ReadableStream({ cancel: () => void left++ }))
    }
    const body = await request.text()
    return Response.json([method, url, headers.get('x-a'), body.length])
  }
  const server = createHttp2Server(toNodeHandler(handler))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const session = connectHttp2(origin)
  const posted = session.request({ ':method': 'POST', ':path': '/a?b', 'x-a': '1' })
  posted.end(Buffer.alloc(3 * mib))
  let text = ''
  for await (const piece of posted.setEncoding('utf8')) text += piece
  assert.equal(JSON.parse(text), ['POST', `${origin}/a?b`, '1', 3 * mib])
  const stay = session.request({ ':path': '/stay' })
  await once(stay, 'response')
  stay.close(8)
  await until(() => left === 2)
  session.close()
  await new Promise((resolve) => server.close(resolve))
})
