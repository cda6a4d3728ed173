// A pod that records what it is sent, a proxy in front of it on a real server, and requests as raw as a socket.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Client } from '@flowscale/client'
import { createProxyHandler, type ProxyOptions } from '@flowscale/client/proxy'
import { listen } from './listen.ts'

// Version 1 replaces the global `Response`: the attacks are made on a server of it, too (`honoVersions.frameworks.ts`).
const name = process.env.HONO_NODE_SERVER ?? '@hono/node-server'
const { getRequestListener } = (await import(name)) as typeof import('@hono/node-server')

/** What the pod saw of one request. */
export interface Seen {
  method: string
  url: string
  headers: Record<string, string>
  body: Buffer
  /** `undefined` while it goes on. */
  isWhole?: boolean
}

export type Respond = (request: IncomingMessage, response: ServerResponse, seen: Seen) => void

const json = '{"status":"success","data":[]}'
export const answerJson: Respond = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(json)
}

/** A pod that answers every request, by `respond`, once the body is there. */
export async function recordingPod() {
  const seen: Seen[] = []
  const pod = { seen, respond: answerJson, early: undefined as Respond | undefined }
  const { url, close } = await listen((request, response) => {
    const entry: Seen = { method: request.method!, url: request.url!, headers: {}, body: Buffer.alloc(0) }
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      const name = request.rawHeaders[i]!.toLowerCase()
      const value = request.rawHeaders[i + 1]!
      entry.headers[name] = name in entry.headers ? `${entry.headers[name]}, ${value}` : value
    }
    seen.push(entry)
    if (pod.early) return pod.early(request, response, entry)
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      entry.isWhole = true
      entry.body = Buffer.concat(chunks)
      pod.respond(request, response, entry)
    })
    request.on('error', () => {})
    request.on('close', () => {
      entry.isWhole ??= false
    })
  })
  return Object.assign(pod, { url, close })
}

/** The handler on a server of Node's, as an app would run it. */
export async function serveProxy(client: Client, options: ProxyOptions) {
  const handler = createProxyHandler(client, options)
  const rejections: unknown[] = []
  const listener = getRequestListener(async (request) => {
    try {
      return await handler(request)
    } catch (error) {
      rejections.push(error)
      return new Response(null, { status: 500 })
    }
  })
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    rejections,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  status: number
  headers: Record<string, string>
  body: string
  /** Whether the body came to its end. */
  isWhole: boolean
}

/** Sends bytes as they are, and reads what comes until the other side closes. */
export function sendRaw(
  port: number,
  bytes: string | Buffer,
  use?: (socket: Socket) => void,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
      use?.(socket)
    })
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => resolve(readAnswer(Buffer.concat(chunks).toString('latin1'))))
  })
}

function readAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [line = '', ...rest] = text.slice(0, end).split('\r\n')
  const status = Number(line.split(' ')[1] ?? 0)
  if (status === 100) return readAnswer(text.slice(end + 4))
  const headers: Record<string, string> = {}
  for (const header of rest) {
    const at = header.indexOf(':')
    headers[header.slice(0, at).toLowerCase()] = header.slice(at + 1).trim()
  }
  let body = end < 0 ? '' : text.slice(end + 4)
  let isWhole = true
  if (headers['transfer-encoding'] === 'chunked') {
    let joined = ''
    isWhole = false
    while (body) {
      const size = Number.parseInt(body, 16)
      const at = body.indexOf('\r\n') + 2
      if (size === 0) isWhole = true
      if (!size) break
      joined += body.slice(at, at + size)
      body = body.slice(at + size + 2)
    }
    body = joined
  }
  return { status, headers, body: Buffer.from(body, 'latin1').toString('utf8'), isWhole }
}
