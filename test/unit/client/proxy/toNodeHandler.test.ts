// Handlers on real servers of Node's, HTTP/1.1 and HTTP/2, and requests as raw as a socket.
import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { ArgumentError } from '@flowscale/client'
import { toNodeHandler } from '@flowscale/client/proxy'
import { assert, suite, throws } from '#test'
import { listen } from '../../../support/listen.ts'
import { collect } from '../../../support/memory.ts'
import { sendRaw } from '../../../support/proxied.ts'
import { until, untilStill } from '../../../support/until.ts'

const test = suite('toNodeHandler')
const mib = 1024 * 1024

type Handler = (request: Request) => Response | Promise<Response>
type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** Serves a handler to `use`, which can see the latest request. */
async function serve(
  handler: Handler,
  use: (url: string, port: number, latest: () => IncomingMessage) => Promise<void>,
  wrap: (listener: Listener) => Listener = (listener) => listener,
) {
  let latest!: IncomingMessage
  const wrapped = wrap(toNodeHandler(handler))
  const { url, close } = await listen((incoming, outgoing) => {
    latest = incoming
    wrapped(incoming, outgoing)
  })
  try {
    await use(url, Number(new URL(url).port), () => latest)
  } finally {
    await close()
  }
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
const get = (target: string, more = 'Host: app.test\r\n') =>
  `GET ${target} HTTP/1.1\r\n${more}Connection: close\r\n\r\n`
/** What a handler sees of a request. */
const show: Handler = ({ method, url, headers }) => Response.json({ method, url, headers: [...headers] })

test('a handler must be a function', () => {
  for (const wrong of [undefined, {}, 'a']) {
    throws(() => toNodeHandler(wrong as never), ArgumentError)
  }
})

test('the address: of the host that was asked for, whatever the path says', async () => {
  await serve(show, async (_, port) => {
    const see = async (target: string, more?: string) =>
      JSON.parse((await sendRaw(port, get(target, more))).body).url
    assert.is(await see('/api?a=1&b=%20'), 'http://app.test/api?a=1&b=%20')
    assert.is(await see('//evil.test/api'), 'http://app.test//evil.test/api')
    assert.is(await see('http://evil.test/api?a'), 'http://app.test/api?a')
    assert.is(await see('http://evil.test'), 'http://app.test/')
    assert.is(await see('/', 'Host: [::1]:3000\r\n'), 'http://[::1]:3000/')
    assert.is(await see('/', 'Host: 127.0.0.1:3000\r\n'), 'http://127.0.0.1:3000/')
    const old = get('/', '').replace('HTTP/1.1', 'HTTP/1.0')
    assert.is(JSON.parse((await sendRaw(port, old)).body).url, 'http://localhost/')
  })
})

test('the whole path where a framework took a part away, and its protocol', async () => {
  const mount =
    (listener: Listener): Listener =>
    (incoming, outgoing) => {
      Object.assign(incoming, { originalUrl: incoming.url, url: '/rest', protocol: 'https' })
      listener(incoming, outgoing)
    }
  const use = async (_: string, port: number) => {
    const { body } = await sendRaw(port, get('/api/rest?a'))
    assert.is(JSON.parse(body).url, 'https://app.test/api/rest?a')
  }
  await serve(show, use, mount)
})

test('a request that can’t be one is answered with 400', async () => {
  let asked = 0
  const count: Handler = () => {
    asked++
    return new Response('no')
  }
  await serve(count, async (_, port) => {
    for (const host of ['a b', 'a/b', 'a?', 'a#', 'u@a', 'a:99999999', '[', 'ä'])
      assert.is((await sendRaw(port, get('/', `Host: ${host}\r\n`))).status, 400, host)
    const trace = get('/').replace('GET', 'TRACE')
    assert.is((await sendRaw(port, trace)).status, 400, 'TRACE')
  })
  assert.is(asked, 0)
})

test('headers, repeated ones too, both ways', async () => {
  const more = 'Host: app.test\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\n'
  const wrap =
    (listener: Listener): Listener =>
    (incoming, outgoing) => {
      outgoing.setHeader('set-cookie', ['earlier=1'])
      outgoing.setHeader('x-earlier', '1')
      listener(incoming, outgoing)
    }
  const handler: Handler = ({ headers }) => {
    const answer = Response.json([headers.get('x-a'), headers.get('cookie')], { status: 201 })
    answer.headers.append('set-cookie', 'c=3; Path=/')
    answer.headers.append('set-cookie', 'd=4')
    return answer
  }
  const use = async (url: string, port: number) => {
    const { body, status } = await sendRaw(port, get('/', more))
    assert.is(status, 201)
    assert.equal(JSON.parse(body), ['1, 2', 'a=1; b=2'])
    const answer = await fetch(url)
    assert.equal(answer.headers.getSetCookie(), ['earlier=1', 'c=3; Path=/', 'd=4'])
    assert.is(answer.headers.get('x-earlier'), '1')
  }
  await serve(handler, use, wrap)
})

test('GET and HEAD have no body, and an answer to HEAD has none', async () => {
  let cancelled = 0
  const handler: Handler = ({ body }) => {
    assert.is(body, null)
    return new Response(new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 }))
  }
  await serve(handler, async (_, port) => {
    const { status, body } = await sendRaw(port, get('/').replace('GET', 'HEAD'))
    assert.equal([status, body, cancelled], [200, '', 1])
  })
})

test('an answer without a body', async () => {
  await serve(
    () => new Response(null, { status: 204 }),
    async (url) => {
      const answer = await fetch(url)
      assert.is(answer.status, 204)
      assert.is(await answer.text(), '')
    },
  )
})

const post = (length: number, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${length}\r\n\r\n`
/** Sends a form of a length, piece by piece. */
function startUpload(port: number, length: number): ReturnType<typeof open> {
  const { socket, text } = open(port, post(length))
  const piece = Buffer.alloc(64 * 1024, 'a')
  let left = length
  const send = () => {
    while (left > 0 && !socket.destroyed) {
      const part = piece.subarray(0, Math.min(left, piece.length))
      left -= part.length
      if (!socket.write(part)) return
    }
  }
  socket.on('drain', send)
  send()
  return { socket, text }
}

test('an upload is read no faster than the handler reads it', async () => {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const handler: Handler = async ({ body }) => {
    const reader = body!.getReader()
    let sum = (await reader.read()).value!.length
    await released
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) sum += piece.value.length
    return new Response(String(sum))
  }
  await serve(handler, async (_, port, latest) => {
    const { socket, text } = startUpload(port, 20 * mib)
    await until(() => latest()?.socket.bytesRead)
    const last = await untilStill(() => latest().socket.bytesRead)
    assert.ok(last < mib, `${last} bytes were read of an upload that nobody reads`)
    release()
    await until(() => text().includes(String(20 * mib)))
    socket.destroy()
  })
})

test('an early answer to an upload arrives, and the connection goes on', async () => {
  const handler: Handler = async (request) => {
    if (request.method === 'GET') return new Response('the next one')
    const reader = request.body!.getReader()
    await reader.read()
    // One cancels the rest, and the other forgets it.
    if (new URL(request.url).search) await reader.cancel()
    return new Response('too long', { status: 413 })
  }
  await serve(handler, async (_, port) => {
    for (const search of ['', '?cancel']) {
      const { socket, text } = open(port, post(4 * mib, `/${search}`), Buffer.alloc(4 * mib))
      await until(() => text().includes('413'))
      socket.write(get('/'))
      await once(socket, 'close')
      assert.match(text(), /too long[\s\S]*the next one/)
    }
  })
})

test('an upload that comes after its reader has lost interest', async () => {
  let cancelled = false
  let answer!: (response: Response) => void
  const handler: Handler = async ({ body }) => {
    const reader = body!.getReader()
    const read = reader.read()
    await reader.cancel()
    await read
    cancelled = true
    return new Promise((resolve) => {
      answer = resolve
    })
  }
  await serve(handler, async (_, port, latest) => {
    const { socket, text } = open(port, post(4))
    await until(() => cancelled)
    socket.write('late')
    await until(() => latest().complete)
    answer(new Response('never mind'))
    await until(() => text().includes('never mind'))
    socket.destroy()
  })
})

test('an upload that breaks off is an error for its reader', async () => {
  let reason: unknown
  const handler: Handler = async (request) => {
    reason = await request.text().catch((error) => error)
    return new Response()
  }
  await serve(handler, async (_, port) => {
    const { socket } = startUpload(port, 200_000)
    const { socket: half } = open(port, `${post(9)}half`)
    await once(half, 'connect')
    await once(socket, 'data')
    socket.destroy()
    half.destroy()
    await until(() => reason instanceof Error)
    assert.match(String(reason), 'The caller left during the upload')
  })
})

test('headers and events leave at once', async () => {
  let send!: (text: string) => void
  let end!: () => void
  const handler: Handler = () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (text) => controller.enqueue(new TextEncoder().encode(text))
        end = () => controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
  await serve(handler, async (url) => {
    // Without a flush there would be no answer before the first event.
    const answer = await fetch(url)
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      send(text)
      assert.is((await reader.read()).value, text)
    }
    end()
    assert.is((await reader.read()).done, true)
  })
})

test('an answer is read no faster than the caller reads it', async () => {
  let pieces = 0
  const handler: Handler = () =>
    new Response(
      new ReadableStream(
        {
          pull(controller) {
            if (pieces++ < 320) controller.enqueue(new Uint8Array(64 * 1024))
            else controller.close()
          },
        },
        { highWaterMark: 0 },
      ),
    )
  await serve(handler, async (url) => {
    const asked = request(url).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    await until(() => pieces > 1)
    const last = await untilStill(() => pieces)
    assert.ok(last < 200, `${last} of 320 pieces for a caller that reads nothing`)
    let sum = 0
    for await (const piece of answer) sum += piece.length
    assert.is(sum, 20 * mib)
  })
})

test('a caller that leaves aborts the signal, also when nothing else holds the request', async () => {
  const seen: string[] = []
  const handler: Handler = ({ signal, url }) => {
    const name = new URL(url).pathname
    signal.addEventListener('abort', () => seen.push(`${name} ${signal.reason.name}`))
    return new Promise(() => {})
  }
  await serve(handler, async (url) => {
    const asked = Array.from({ length: 20 }, (_, index) => ask(`${url}/${index}`))
    await new Promise((resolve) => setTimeout(resolve, 100))
    collect()
    await new Promise((resolve) => setTimeout(resolve, 20))
    collect()
    for (const each of asked) each.destroy()
    await until(() => seen.length === 20)
    assert.match(seen[0]!, / AbortError$/)
  })
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
  const use = async (url: string) => {
    assert.is(await (await fetch(`${url}/whole`)).text(), 'whole')
    for (const path of ['/silent', '/full']) {
      const asked = ask(url + path)
      await once(asked, 'response')
      asked.destroy()
    }
    await until(() => cancelled === 2)
    assert.equal(aborted.sort(), ['/full', '/silent'])
    await until(() => over === 3)
  }
  await serve(handler, use, (listener) => async (incoming, outgoing) => {
    await listener(incoming, outgoing)
    over++
  })
})

test('an answer that comes after its caller has left is cancelled', async () => {
  let cancelled = false
  let answer!: (response: Response) => void
  let left = false
  const handler: Handler = ({ signal }) => {
    signal.addEventListener('abort', () => (left = true))
    return new Promise((resolve) => {
      answer = resolve
    })
  }
  await serve(handler, async (url) => {
    const asked = ask(url)
    await until(() => answer)
    asked.destroy()
    await until(() => left)
    const cancel = () => {
      cancelled = true
    }
    answer(new Response(new ReadableStream({ cancel })))
    await until(() => cancelled)
  })
})

test('what a handler throws when its caller has left is nobody’s', async () => {
  let over = 0
  const handle = toNodeHandler(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )
  const { url, close } = await listen((incoming, outgoing) => {
    void handle(incoming, outgoing, () => assert.unreachable()).then(() => over++)
  })
  const asked = ask(url)
  await once(asked, 'socket')
  await new Promise((resolve) => setTimeout(resolve, 50))
  asked.destroy()
  await until(() => over === 1)
  await close()
})

test('what a handler throws goes to next', async () => {
  const error = new Error('the words of an error')
  for (const fail of [
    () => {
      throw error
    },
    () => Promise.reject(error),
  ]) {
    const handle = toNodeHandler(fail)
    const { url, close } = await listen((incoming, outgoing) => {
      void handle(incoming, outgoing, (given) => outgoing.writeHead(418).end(String(given === error)))
    })
    const answer = await fetch(url)
    assert.equal([answer.status, await answer.text()], [418, 'true'])
    await close()
  }
})

/** Runs with the console's errors noted, and not printed. */
async function noting(run: () => Promise<void>): Promise<unknown[]> {
  const { error } = console
  const noted: unknown[] = []
  console.error = (...values) => noted.push(...values)
  try {
    await run()
  } finally {
    console.error = error
  }
  return noted
}

test('without next, it is written to the console, and the answer is a 500 that tells nothing', async () => {
  const error = new Error('the words of an error')
  const noted = await noting(() =>
    serve(
      () => Promise.reject(error),
      async (url) => {
        const answer = await fetch(url)
        assert.equal([answer.status, await answer.text()], [500, ''])
      },
    ),
  )
  assert.equal(noted, [error])
})

test('what is no answer, or has a header that Node refuses, is an error like any other', async () => {
  const handler: Handler = ({ url }) =>
    url.endsWith('/none') ? (undefined as never) : new Response('a', { headers: { 'x-a': '\x01' } })
  const noted = await noting(() =>
    serve(handler, async (url) => {
      for (const path of ['/none', '/header']) assert.is((await fetch(url + path)).status, 500, path)
    }),
  )
  assert.is(noted.length, 2)
})

test('an answer that breaks off is none that looks whole', async () => {
  const handler: Handler = () => {
    let pieces = 0
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (pieces++) controller.error(new Error('the pod broke off'))
          else controller.enqueue(new TextEncoder().encode('a half'))
        },
      }),
    )
  }
  const noted = await noting(() =>
    serve(handler, async (_, port) => {
      const { body, isWhole, status } = await sendRaw(port, get('/'))
      assert.equal([status, body.includes('broke'), isWhole], [200, false, false])
    }),
  )
  assert.equal(noted, [])
})

test('a body that was read before is an error that names the remedy, and no wait', async () => {
  const handle = toNodeHandler(async (request) => new Response(await request.text()))
  let given: any
  const { url, close } = await listen(async (incoming, outgoing) => {
    for await (const _ of incoming);
    handle(incoming, outgoing, (error) => {
      given = error
      outgoing.writeHead(500).end()
    })
  })
  assert.is((await fetch(url, { method: 'POST', body: 'a form' })).status, 500)
  assert.is(given.code, 'ERR_FLOWSCALE_ARGUMENT')
  assert.match(given.message, /mount the proxy before express\.json\(\), multer/)
  await close()
})

test('a caller that has left already costs nothing', async () => {
  let asked = 0
  const handle = toNodeHandler(() => {
    asked++
    return new Response()
  })
  let over = false
  const { url, close } = await listen(async (incoming, outgoing) => {
    await once(outgoing, 'close')
    await handle(incoming, outgoing)
    over = true
  })
  const asking = ask(url)
  await once(asking, 'socket')
  await new Promise((resolve) => setTimeout(resolve, 50))
  asking.destroy()
  await until(() => over)
  assert.is(asked, 0)
  await close()
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
