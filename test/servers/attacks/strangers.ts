import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { expect, send } from './send.ts'
import { type Answer, type Attack, READS, type Target } from './types.ts'

const own = ({ key }: Target): string[] => [`X-API-KEY: ${key}`]

/** What people do at ComfyUI itself is theirs. `OVER` and `RUNNING` are their runs. */
const stranger = (what: string, path: string, method = 'GET', change = (id: string) => id): Attack => ({
  what: `a stranger's run: ${what}`,
  may: READS,
  run: async (target) => {
    const { over, running } = target.foreign
    const full = `/api/v1/runs/${path.replace('OVER', over).replace('RUNNING', change(running))}`
    return expect(await send(target.port, { method, path: full, headers: own(target) }), 404)
  },
})

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** `KEY` at the end of a line is the key. */
const handshake = (what: string, path: string, headers: string[], ...statuses: number[]): Attack => ({
  what: `WebSocket: ${what}`,
  run: async ({ port, key }) => {
    const isGiven = (line: string) => headers.some((one) => one.split(':')[0] === line.split(':')[0])
    const given = headers.map((line) => line.replace(/KEY$/, key))
    const lines = [...HANDSHAKE.filter((line) => !isGiven(line)), ...given]
    const answer = await send(port, { path: path.replace(/KEY$/, key), headers: lines })
    if (answer.status === 426 && !/^sec-websocket-version: 13\r$/im.test(answer.headers))
      throw new Error(`it says no version: ${answer.headers}`)
    return expect(answer, ...statuses)
  },
})

/** A connection that is let in, and what is told on it. */
const connected = (
  what: string,
  use: (socket: WebSocket, target: Target) => void,
  check: (told: string[], code: number, target: Target) => void,
): Attack => ({
  what: `WebSocket: ${what}`,
  may: READS,
  run: (target) =>
    new Promise<Answer>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${target.port}/api/v1/ws`, {
        headers: { 'x-api-key': target.key },
      })
      const told: string[] = []
      const timer = setTimeout(() => socket.close(1000), 1_000)
      socket.on('open', () => use(socket, target))
      socket.on('message', (text) => told.push(String(text)))
      socket.on('error', () => {})
      socket.on('close', async (code) => {
        clearTimeout(timer)
        // What the gateway is reading at the moment.
        await new Promise((done) => setTimeout(done, 200))
        try {
          check(told, code, target)
          resolve({ status: 101, headers: '', body: told.join('\n') })
        } catch (error) {
          reject(error)
        }
      })
    }),
})

const subscribe = (runId: unknown): string =>
  JSON.stringify({ type: 'client_event', data: { action: 'subscribe', runId } })
const nothing = (told: string[]): void => {
  if (told.length) throw new Error(`it was told ${told[0]}`)
}

const [SUBMIT, SOCKET] = ['POST /api/v1/runs?workflow_id=slow', 'GET /api/v1/ws']
const READ = 'GET /api/v1/runs'
/** Without a key: what a page of another site can make a browser send. */
const open = (what: string, request: string, ...headers: string[]): Attack => ({
  what: `no key: ${what}`,
  run: async ({ openPort }) => {
    const [method, path] = request.split(' ') as [string, string]
    const all = [...(request === SOCKET ? HANDSHAKE : []), ...headers]
    const lines = all.map((line) => line.replace('PORT', String(openPort)))
    const answer = await send(openPort, { method, path, headers: lines })
    if (/access-control-allow-origin/i.test(answer.headers)) throw new Error('the page may read the answer')
    return expect(answer, 403)
  },
})

/** Without a key: names that only a URL parser takes for this machine. */
const HOSTS = [
  'evil@127.0.0.1',
  'evil:x@localhost:PORT',
  '127.0.0.1#.evil.test',
  '127.0.0.1/.evil.test',
  '127.0.0.1?.evil.test',
  '127.0.0.1\\.evil.test',
  '127.0.0.1:PORT.evil.test',
  '127.0.0.1:PORT, evil.test',
  '[::1].evil.test',
  '127.0.0.1.',
  '',
]

const noHost = (what: string, version: string, headers: string[], status: number): Attack => ({
  what: `no key: ${what}`,
  run: async ({ openPort: port }) => {
    const path = headers.length ? '/api/v1/ws' : '/api/v1/runs'
    return expect(await send(port, { path, version, headers, noHost: true }), status)
  },
})

let before = 0

/** Runs that are not the gateway's, and connections that stay. */
export const strangers: readonly Attack[] = [
  stranger('read', 'OVER'),
  stranger('read while it goes on', 'RUNNING'),
  stranger('its events', 'OVER/events'),
  stranger('its events while it goes on', 'RUNNING/events'),
  stranger('cancelled', 'OVER/cancel', 'POST'),
  stranger('cancelled while it goes on', 'RUNNING/cancel', 'POST'),
  stranger('cancelled, in capitals', 'RUNNING/cancel', 'POST', (id) => id.toUpperCase()),
  stranger('cancelled by a list', 'RUNNING,OVER/cancel', 'POST'),
  {
    what: "a stranger's run: in the list",
    may: READS,
    run: async (target) => {
      const answer = expect(await send(target.port, { path: '/api/v1/runs', headers: own(target) }), 200)
      if ([target.foreign.over, target.foreign.running].some((id) => answer.body.includes(id)))
        throw new Error('it is listed')
      return answer
    },
  },
  ...['x'.repeat(8_000), '__proto__', 'completed\tx', 'completed, completed'].map(
    (seen): Attack => ({
      what: `events: after one that is none, ${seen.slice(0, 20)}`,
      may: READS,
      async run(target) {
        const [{ id }] = target.own as [Target['own'][0]]
        const headers = [...own(target), `Last-Event-ID: ${seen}`]
        const answer = await send(target.port, { path: `/api/v1/runs/${id}/events`, headers })
        if (!answer.body.includes('id: completed\n')) throw new Error('it has not got the present state')
        return expect(answer, 200)
      },
    }),
  ),
  handshake('no key', '/api/v1/ws', [], 401),
  handshake('a wrong key', '/api/v1/ws?api_key=wrong', [], 403),
  handshake('the key twice', '/api/v1/ws', ['X-API-KEY: KEY', 'X-API-KEY: KEY'], 403),
  handshake(
    'a wrong key in the header, the right one in the query',
    '/api/v1/ws?api_key=KEY',
    ['X-API-KEY: x'],
    403,
  ),
  handshake("ComfyUI's own", '/ws?clientId=x', ['X-API-KEY: KEY'], 404),
  handshake("ComfyUI's own, below /api", '/api/ws?clientId=x', ['X-API-KEY: KEY'], 404),
  handshake('a way up', '/api/v1/ws/../../../ws', ['X-API-KEY: KEY'], 404),
  ...['', '1', '8', '14', '13, 8'].map((version) =>
    handshake(
      `the version "${version}"`,
      '/api/v1/ws',
      [`Sec-WebSocket-Version: ${version}`, 'X-API-KEY: KEY'],
      426,
    ),
  ),
  connected(
    'a stranger is followed',
    (socket, { foreign }) => socket.send(subscribe(foreign.running)),
    nothing,
  ),
  connected(
    'a frame of a megabyte',
    (socket) => socket.send('a'.repeat(1_000_000)),
    (_, code) => {
      if (code !== 1009) throw new Error(`closed with ${code}`)
    },
  ),
  connected('what is no JSON', (socket) => socket.send('{"type":'), nothing),
  connected('bytes', (socket) => socket.send(Buffer.alloc(1_000)), nothing),
  connected(
    'ids that are none',
    (socket) => {
      for (const id of [null, {}, [], '../queue', '__proto__', 'a'.repeat(60_000)]) socket.send(subscribe(id))
    },
    nothing,
  ),
  connected(
    '10,000 subscriptions',
    (socket, { comfy }) => {
      before = comfy.requests.length
      for (let count = 0; count < 10_000; count++) socket.send(subscribe(randomUUID()))
    },
    (told, _, { comfy }) => {
      nothing(told)
      const cost = comfy.requests.length - before
      if (cost > 6_000) throw new Error(`it cost ${cost} requests to ComfyUI`)
    },
  ),
  open('a page of another site reads', READ, 'Origin: http://evil.test'),
  open('a page of another site submits', SUBMIT, 'Origin: http://evil.test'),
  open('a page without an origin submits', SUBMIT, 'Origin: null'),
  open('a page of another port submits', SUBMIT, 'Origin: http://127.0.0.1:1'),
  open('a page of a name that begins so submits', SUBMIT, 'Origin: http://127.0.0.1.evil.test:PORT'),
  open(
    'a page whose name leads here submits',
    SUBMIT,
    'Host: evil.test:PORT',
    'Origin: http://evil.test:PORT',
  ),
  open('a page whose name leads here reads', READ, 'Host: evil.test:PORT'),
  open(
    'a page of another site asks whether it may',
    'OPTIONS /api/v1/runs',
    'Origin: http://evil.test',
    'Access-Control-Request-Method: POST',
  ),
  open('a page of another site cancels', 'POST /api/v1/runs/x/cancel', 'Origin: http://evil.test'),
  open('a page of another site reads events', 'GET /api/v1/runs/x/events', 'Origin: http://evil.test'),
  open('a page whose name leads here reads events', 'GET /api/v1/runs/x/events', 'Host: evil.test:PORT'),
  open('a page of another site opens a WebSocket', SOCKET, 'Origin: http://evil.test'),
  open('a page without an origin opens a WebSocket', SOCKET, 'Origin: null'),
  open(
    'a page whose name leads here opens a WebSocket',
    SOCKET,
    'Host: evil.test:PORT',
    'Origin: http://evil.test:PORT',
  ),
  ...HOSTS.flatMap((host) => [
    open(`the host "${host}" reads`, READ, `Host: ${host}`),
    open(`the host "${host}" opens a WebSocket`, SOCKET, `Host: ${host}`),
    open(`the host "${host}" has the page`, 'GET /', `Host: ${host}`),
  ]),
  noHost('a request without a host', '1.1', [], 400),
  noHost('a request of HTTP/1.0 without a host', '1.0', [], 403),
  noHost('a WebSocket without a host', '1.1', HANDSHAKE, 400),
  noHost('a WebSocket of HTTP/1.0 without a host', '1.0', HANDSHAKE, 400),
  open('a page of ComfyUI opens a WebSocket', SOCKET, 'Origin: http://127.0.0.1:8188'),
]
