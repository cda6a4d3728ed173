import type { Readable } from 'node:stream'
import { toJson } from '../python/toJson.ts'

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
