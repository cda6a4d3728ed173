// Previews of a run over real sockets: from a server and through the proxy, by polls, events, a WebSocket and a store.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { createLogger } from '@flowscale/client/logger'
import {
  executeMany,
  executeWorkflowAsync,
  type PushConnection,
  type RunProgress,
} from '@flowscale/client/poller'
import { createRunStore } from '@flowscale/client/store'
import { connectWebSocket } from '@flowscale/client/websocket'
import { WebSocketServer } from 'ws'
import { assert, suite } from '#test'
import { CANARY } from '../../support/canary.ts'
import { closeAll, closeLater } from '../../support/closeLater.ts'
import { serveProxy } from '../../support/proxied.ts'
import { until } from '../../support/until.ts'
import { memoryStorage } from './store/kit.ts'

const test = suite('previews over sockets')
test.after.each(closeAll)

const link = (number: number) => `/api/v1/runs/r/preview?number=${number}&expires=9&signature=of-${number}`
const outputs = [{ filename: 'a.png', url: 'http://files.test/a' }]
const picture = Buffer.from('\x89PNG of the run', 'latin1')

/** A server of one run, whose state the test sets. */
async function serve() {
  const requests: IncomingMessage[] = []
  const streams = new Set<ServerResponse>()
  let state: Record<string, unknown> = { status: 'running' }
  const event = () => `data: ${JSON.stringify({ run_id: 'r', ...state })}\n\n`
  const server = createServer((request, response) => {
    requests.push(request)
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    if (pathname.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event())
      return void streams.add(response)
    }
    if (pathname.endsWith('/preview')) {
      const isSigned = searchParams.get('signature') === `of-${searchParams.get('number')}`
      return void response.writeHead(isSigned ? 200 : 403, { 'content-type': 'image/png' }).end(picture)
    }
    const isSubmission = request.method === 'POST'
    request.resume()
    const data = isSubmission ? { run_id: 'r', output_names: [] } : { _id: 'r', outputs: [], ...state }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'success', data }))
  })
  const sockets = new WebSocketServer({ server })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return closeLater({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    submissions: () => requests.filter(({ method }) => method === 'POST').map(({ url }) => url),
    set(next: typeof state) {
      state = next
      for (const stream of streams) stream.write(event())
      const message = JSON.stringify({ type: 'run_status_update', data: { run_id: 'r', ...state } })
      for (const socket of sockets.clients) socket.send(message)
    },
    /** Whether somebody hears of the next state at once. */
    isHeard: () => streams.size + sockets.clients.size > 0,
    close() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      server.close()
    },
  })
}

type Way = (url: string, apiKey?: string) => (PushConnection & { close(): void }) | undefined
const clientOf = (baseUrl: string, apiKey?: string) => createClient({ baseUrl, apiKey })
const ways: [name: string, push: Way, isProxied: boolean][] = [
  ['polls', () => undefined, false],
  ['events', (url, key) => connectEvents(clientOf(url, key)), false],
  ['a WebSocket', (url, key) => connectWebSocket(clientOf(url, key)), false],
  ['polls through the proxy', () => undefined, true],
  ['events of the proxy', (url) => connectEvents(clientOf(url)), true],
]

for (const [name, pushOf, isProxied] of ways) {
  test(`each preview once, by ${name}; an img can show it; none after the end`, async () => {
    const pod = await serve()
    const podClient = clientOf(pod.url, CANARY)
    const basePath = '/api/flowscale'
    // The visitors' own answers come from the connection to the pod, whose links are whole URLs.
    const push = isProxied ? connectEvents(podClient) : undefined
    const proxy =
      isProxied && closeLater(await serveProxy(podClient, { authorize: 'public', basePath, push }))
    const base = proxy ? proxy.url + basePath : pod.url
    const key = isProxied ? undefined : CANARY
    const lines: unknown[] = []
    const sink = (...line: unknown[]) => void lines.push(...line)
    const logger = createLogger({
      level: 'debug',
      sink: { debug: sink, info: sink, warn: sink, error: sink },
    })
    const own = pushOf(base, key)
    if (own) closeLater(own)
    if (push) closeLater(push)
    const seen: RunProgress[] = []
    const client = createClient({ baseUrl: base, apiKey: key, logger })
    const wait = executeWorkflowAsync(
      client,
      'w',
      {},
      {
        previews: true,
        push: own,
        // With a connection, no answer of a poll may overtake an update.
        pollIntervalMs: own ? 60_000 : 20,
        onProgress: (progress) => seen.push(progress),
      },
    )
    await until(() => seen.length === 1 && (!own || pod.isHeard()))
    for (const number of [1, 2]) {
      pod.set({ status: 'running', preview: link(number) })
      await until(() => seen.at(-1)!.preview === base + link(number))
      const response = await fetch(seen.at(-1)!.preview!)
      assert.equal([response.status, response.headers.get('content-type')], [200, 'image/png'])
      assert.equal(Buffer.from(await response.arrayBuffer()), picture)
      const shown = pod.requests.filter(({ url }) => url!.includes('/preview?'))
      assert.not.ok('x-api-key' in shown.at(-1)!.headers)
    }
    // A server that gives what it should not: a link of an ended run, and one to another host.
    pod.set({ status: 'running', progress: 0.5, preview: '//evil.test/a' })
    await until(() => seen.at(-1)!.progress)
    pod.set({ status: 'completed', outputs, preview: link(3) })
    assert.equal((await wait).outputs.length, 1)
    const previews = seen.map(({ preview }) => preview?.replace(base, ''))
    assert.equal(previews, [undefined, link(1), link(2), link(2), undefined])
    assert.equal(pod.submissions(), ['/api/v1/runs?workflow_id=w&previews=1'])
    assert.not.match(JSON.stringify(lines), /signature/)
  })
}

test('a store shows it while the run is at work, and does not save it', async () => {
  const pod = await serve()
  const storage = memoryStorage()
  const store = closeLater(
    createRunStore(clientOf(pod.url, CANARY), { storage, previews: true, pollIntervalMs: 10 }),
  )
  const seen = new Set<string | undefined>()
  const stop = store.subscribe(() => seen.add((store.getSnapshot() as { preview?: string }).preview))
  await store.start('w', {})
  assert.match(pod.submissions()[0]!, /&previews=1$/)
  for (const number of [1, 2]) {
    pod.set({ status: 'running', preview: link(number) })
    await until(() => seen.has(pod.url + link(number)))
    assert.not.match(JSON.stringify([...storage.items]), /signature/)
  }
  pod.set({ status: 'completed', outputs })
  const end = await until(store.getSnapshot, ({ status }) => status === 'completed')
  assert.not.match(JSON.stringify(end), /signature/)
  stop()
})

test('executeMany asks for them, too', async () => {
  const pod = await serve()
  pod.set({ status: 'completed', outputs })
  const [result] = await executeMany(clientOf(pod.url, CANARY), 'w', [{}], { previews: true })
  assert.is(result!.status, 'fulfilled')
  assert.equal(pod.submissions(), ['/api/v1/runs?workflow_id=w&previews=1'])
})
