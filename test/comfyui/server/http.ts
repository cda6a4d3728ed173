import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { toJson } from './python.ts'
import type { Life } from './types.ts'

/** A request, as the routes see it. */
export interface Context {
  readonly life: Life
  readonly request: IncomingMessage
  readonly url: URL
  readonly port: number
  /** The parts of the path that a route leaves open, unescaped. */
  readonly params: readonly string[]
  readonly readText: () => Promise<string>
  readonly readJson: () => Promise<unknown>
}

export interface Reply {
  status: number
  headers: Record<string, string>
  body?: string | Uint8Array | Readable
}

export const json = (body: unknown, status = 200): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: toJson(body),
})

export const text = (status: number, body: string): Reply => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body,
})

/** No body, as most errors and all the orders have. */
export const empty = (status = 200): Reply => ({ status, headers: {} })

/** What any exception becomes. */
export const trouble: Reply = text(500, '500 Internal Server Error\n\nServer got itself in trouble')

/** What the folder of the front end says of a file that it does not have. */
export const noFile: Reply = {
  status: 404,
  headers: { 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' },
}

/** Thrown for a body above the limit. */
export class TooBig extends Error {
  readonly reply: Reply

  constructor(limit: number, size: number) {
    super('too big')
    this.reply = text(413, `Maximum request body size ${limit} exceeded, actual body size ${size}`)
  }
}

/** Reads a body to its end, or throws as soon as it is above the limit. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) {
      request.resume()
      throw new TooBig(limit, size)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || /^127(\.\d+){3}$/.test(name)

/** Whether a request lacks the login that the server wants. */
export const isLockedOut = ({ login }: Life, { headers }: IncomingMessage): boolean =>
  login !== undefined && headers.authorization !== login

/** Whether a request comes from a page of another origin: then any route answers 403. */
export function isForbidden({ headers }: IncomingMessage): boolean {
  const { host, origin } = headers
  if (!host || !origin) return false
  const [, originName = '', originPort] = /^[a-z]+:\/\/(.*?)(?::(\d+))?\/?$/i.exec(origin.toLowerCase()) ?? []
  const [, hostName = '', hostPort] = /^(.*?)(?::(\d+))?$/.exec(host.toLowerCase()) ?? []
  if (!originName || !isLoopback(hostName)) return false
  return originName !== hostName || (!!originPort && !!hostPort && originPort !== hostPort)
}
