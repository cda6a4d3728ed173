import { connect } from 'node:net'
import type { Answer } from './types.ts'

export interface Raw {
  readonly method?: string
  /** As it stands in the request line. */
  readonly path: string
  /** Lines, such as `X-API-KEY: k`; with a `Host` where none is among them. */
  readonly headers?: readonly string[]
  readonly body?: string | Uint8Array
  /** The version of HTTP. Default: 1.1 */
  readonly version?: string
  /** Adds no `Host`. */
  readonly noHost?: true
  /** Breaks off after the body. */
  readonly hangUp?: true
}

/** Sends bytes as no client would make them. */
export function send(
  port: number,
  { method = 'GET', path, headers = [], body = '', version = '1.1', noHost, hangUp }: Raw,
): Promise<Answer> {
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`))
  const lines = [
    `${method} ${path} HTTP/${version}`,
    ...(noHost || has('host') ? [] : [`Host: 127.0.0.1:${port}`]),
    ...headers,
    ...(has('upgrade') || has('connection') ? [] : ['Connection: close']),
    ...(method === 'GET' || has('content-length') || has('transfer-encoding')
      ? []
      : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const end = () => {
      clearTimeout(timer)
      socket.destroy()
      const [head = '', ...rest] = text.split('\r\n\r\n')
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0)
      resolve({ status, headers: head, body: rest.join('\r\n\r\n') })
    }
    const timer = setTimeout(end, 5_000)
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      // A connection may stay: that of a WebSocket, and one that asked to become one.
      if (text.startsWith('HTTP/1.1 101') || isWhole(text)) end()
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    socket.write(body)
    if (hangUp) setTimeout(() => socket.destroy(), 50)
  })
}

export function expect(answer: Answer, ...statuses: number[]): Answer {
  if (statuses.includes(answer.status)) return answer
  throw new Error(`expected ${statuses.join(' or ')}, got ${answer.status}: ${answer.body.slice(0, 200)}`)
}

function isWhole(text: string): boolean {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const length = /^content-length: (\d+)/im.exec(head)?.[1]
  return length !== undefined && rest.join('\r\n\r\n').length >= Number(length)
}
