import { WebSocket } from 'ws'
import { until } from '../../../support/until.ts'

export interface Update {
  run_id: string
  status: string
  progress: number
  output_names: string[]
}

export interface Client {
  socket: WebSocket
  messages: { type: string; data: Update }[]
  /** As `status progress`, optionally of one run only. */
  told(runId?: string): string[]
  /** The close code, once it is closed. */
  code: number | null
  reason: string
  /** What a refused handshake was answered with. */
  refused: { status: number; headers: NodeJS.Dict<string | string[]>; body: string } | null
  subscribe(runId: string): void
  unsubscribe(runId: string): void
}

export const KEY = 'fsk_local_demo_key'

export function addressOf(url: string): string {
  return `${url.replace(/^http/, 'ws')}/api/v1/ws`
}

/** A client that notes everything; it may be refused. */
export function dial(address: string, headers: Record<string, string> = { 'X-API-KEY': KEY }): Client {
  const socket = new WebSocket(address, { headers })
  const client: Client = {
    socket,
    messages: [],
    told: (runId) =>
      client.messages
        .filter(({ data }) => runId === undefined || data.run_id === runId)
        .map(({ data }) => `${data.status} ${data.progress}`),
    code: null,
    reason: '',
    refused: null,
    subscribe: (runId) => say('subscribe', runId),
    unsubscribe: (runId) => say('unsubscribe', runId),
  }
  function say(action: string, runId: string): void {
    socket.send(JSON.stringify({ type: 'client_event', data: { action, runId } }))
  }
  socket.on('message', (data) => client.messages.push(JSON.parse(String(data))))
  socket.on('close', (code, reason) => {
    client.code = code
    client.reason = String(reason)
  })
  socket.on('error', () => {})
  socket.on('unexpected-response', (request, response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (part) => {
      body += part
    })
    response.on('end', () => {
      client.refused = { status: response.statusCode!, headers: response.headers, body }
      request.destroy()
    })
  })
  return client
}

/** The same, open. */
export async function connected(url: string): Promise<Client> {
  const client = dial(addressOf(url))
  await until(() => client.socket.readyState === WebSocket.OPEN)
  return client
}

export async function refusal(address: string, headers: Record<string, string> = {}): Promise<Client> {
  const client = dial(address, headers)
  await until(() => client.refused !== null)
  return client
}

export async function closed(client: Client): Promise<number> {
  const code = await until(
    () => client.code,
    (number) => number !== null,
  )
  return code!
}

export async function has(client: Client, count: number): Promise<void> {
  await until(() => client.messages.length >= count)
}

/** Everything that the client has sent was read by the server, and everything sent before was read here. */
export async function settled(client: Client): Promise<void> {
  let ponged = false
  client.socket.once('pong', () => {
    ponged = true
  })
  client.socket.ping()
  await until(() => ponged)
}
