import { connect, Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { type Served, serve } from '@flowscale/gateway/node'
import { assert, suite } from '#test'
import { fakeClock } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'

const test = suite('serve')
let finish = (): void => {}
const api = {
  apiKey: null,
  watch: () => () => {},
  stateOf: () => null,
  async handle({ url }: Request) {
    if (url.endsWith('/work')) await new Promise<void>((resolve) => (finish = resolve))
    if (!url.endsWith('/events')) return new Response('done')
    const start = (controller: ReadableStreamDefaultController): void => controller.enqueue(new Uint8Array(9))
    return new Response(new ReadableStream({ start }), { headers: { 'content-type': 'text/event-stream' } })
  },
}

interface Connection {
  text: string
  end: string
  ask(path: string): void
  socket: Socket
}

function open({ url }: Served, path: string): Connection {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const ask = (path: string): void => void socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  const seen: Connection = { text: '', end: '', ask, socket }
  socket.setEncoding('latin1').on('data', (part) => (seen.text += part))
  socket.on('error', ({ message }) => (seen.end = message)).on('close', () => (seen.end ||= 'closed'))
  ask(path)
  return seen
}

async function last(connection: Connection): Promise<void> {
  await until(() => connection.end)
  assert.match(connection.text, /connection: close[\s\S]*done$/)
}

test('connections that wait to be accepted are answered', async () => {
  const served = await serve(api)
  const waiting = Array.from({ length: 20 }, () => open(served, '/idle'))
  // By then the kernel has them, and the server none: both live in this process.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  const closed = served.close(10_000)
  await until(() => waiting.every(({ text, end }) => text.endsWith('done') || end))
  for (const { text } of waiting) assert.match(text, /done$/)
  for (const { socket } of waiting) socket.destroy()
  await closed
})

test('readers have a second, idle connections five, work has all of it, and no socket is opened', async () => {
  const served = await serve(api)
  const [idle, other, reader, work] = ['/idle', '/idle', '/events', '/work'].map((path) => open(served, path))
  await until(() => idle!.text.endsWith('done') && reader!.text.endsWith('\0\r\n'))
  await until(() => other!.text.endsWith('done'))
  const clock = fakeClock()
  try {
    let isClosed = false
    void served.close(30_000).then(() => {
      isClosed = true
    })
    const tick = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 50) {
        await turn()
        await clock.tickAsync(50)
      }
    }
    await tick(900)
    assert.equal([idle!.end, reader!.end], ['', ''])
    await tick(1_000)
    await until(() => reader!.end)
    idle!.ask('/idle')
    await last(idle!)
    other!.socket.write(
      'GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await until(() => other!.end)
    assert.match(other!.text, 'HTTP/1.1 503 ')
    await tick(20_000)
    assert.equal([work!.end, isClosed], ['', false])
    finish()
    await last(work!)
    await until(() => tick(50).then(() => isClosed))
  } finally {
    clock.uninstall()
  }
})

test('a body may take long, but not stand still', async () => {
  let server: any
  const { listen } = Server.prototype
  Server.prototype.listen = function (this: Server, ...args: any[]) {
    server = this
    return Reflect.apply(listen, this, args)
  } as typeof listen
  let read = (): void => {}
  const mayRead = new Promise<void>((resolve) => (read = resolve))
  const seen: string[] = []
  const handle = async ({ url, body }: any): Promise<Response> => {
    if (url.endsWith('/late')) await mayRead
    if (!body || url.endsWith('/never')) return new Response('done')
    try {
      const { byteLength } = await new Response(body).arrayBuffer()
      seen.push(`${byteLength} bytes`)
    } catch {
      seen.push('broken')
    }
    return new Response('done')
  }
  const served = await serve({ ...api, handle } as any)
  Server.prototype.listen = listen
  assert.equal([server.requestTimeout, server.headersTimeout, server.timeout], [0, 60_000, 60_000])
  server.timeout = 200
  const send = (path: string, length: number): Connection => {
    const connection = open(served, '/idle')
    connection.socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`)
    return connection
  }
  const count = ({ text }: Connection): number => text.split('done').length - 1

  const [still, steady, late, unread] = [
    send('/', 9),
    send('/', 40),
    send('/late', 900_000),
    send('/never', 9),
  ]
  still!.socket.write('12345')
  late!.socket.write(Buffer.alloc(900_000))
  for (let sent = 0; sent < 40; sent++) {
    steady!.socket.write('x')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await until(() => still!.end && unread!.end)
  assert.match(still!.text, /HTTP\/1\.1 408 /)
  assert.is(count(unread!), 2)
  await until(() => count(steady!) === 2)
  assert.is(late!.end, '')
  read()
  await until(() => count(late!) === 2)
  assert.equal(seen.sort(), ['40 bytes', '900000 bytes', 'broken'])
  await served.close()
})
