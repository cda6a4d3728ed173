// A POST to ComfyUI has a connection of its own: a kept one may be closed during a pause between the mark and the POST.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { assert, rejects, suite } from '#test'
import { createComfyClient, NoAnswer } from '../../../../../packages/gateway/src/comfyui/api/client.ts'

const test = suite('a POST to ComfyUI')

async function withServer(
  listener: RequestListener,
  use: (url: string, sockets: Socket[]) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = []
  const server = createServer(listener).on('connection', (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets).finally(() => {
    server.closeAllConnections()
    server.close()
  })
}
const send = { method: 'POST', json: { prompt: 'ü' }, fresh: true } as const

test('goes over a new connection, once, with the headers and the whole body', async () => {
  const seen: unknown[] = []
  const listener: RequestListener = async (request, response) => {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    const { 'content-type': type, 'content-length': length, authorization } = request.headers
    if (request.method === 'POST') seen.push([request.url, text, type, length, authorization])
    response
      .setHeader('location', '/elsewhere')
      .writeHead(request.method === 'POST' ? 421 : 200)
      .end('{}')
  }
  await withServer(listener, async (url, sockets) => {
    const client = createComfyClient(`${url.replace('//', '//me:pw@')}/base`)
    await client.read('/queue')
    for (const count of [2, 3]) {
      assert.equal(await client.send('/prompt', send), { status: 421, text: '{}' })
      assert.is(sockets.length, count)
    }
    await client.read('/queue')
    assert.is(sockets.length, 3)
    const sent = ['/base/prompt', '{"prompt":"ü"}', 'application/json', '15', `Basic ${btoa('me:pw')}`]
    assert.equal(seen, [sent, sent])
    let own = 0
    const given: typeof fetch = async (...args) => {
      own++
      return await fetch(...args)
    }
    await createComfyClient(url, { fetch: given }).send('/prompt', send)
    assert.is(own, 1)
  })
})

test('has the answer that comes before its body is read', async () => {
  const listener: RequestListener = (_request, response) =>
    void response.writeHead(413, { connection: 'close' }).end('too large')
  await withServer(listener, async (url) => {
    const json = { prompt: 'x'.repeat(400_000) }
    const answer = await createComfyClient(url).send('/prompt', { ...send, json })
    assert.equal(answer, { status: 413, text: 'too large' })
  })
})

test('says whether it may have been sent', async () => {
  let gone = ''
  await withServer(
    (request) => void request.socket.destroy(),
    async (url) => {
      gone = url
      await rejects(createComfyClient(url).send('/prompt', send), NoAnswer, { sent: true })
    },
  )
  await rejects(createComfyClient(gone).send('/prompt', send), NoAnswer, { sent: false })
})
