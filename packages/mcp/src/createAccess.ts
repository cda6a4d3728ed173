// Who may call over HTTP: token, host and origin, before anything is read.
import { createHash, timingSafeEqual } from 'node:crypto'
import {
  localhostAllowedHostnames,
  validateHostHeader,
  validateOriginHeader,
} from '@modelcontextprotocol/server'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const refuse = (status: number, text: string, headers: Record<string, string> = {}): Response =>
  new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain', ...headers } })

/** Gives a check of the headers of a request: a refusal, or nothing. */
export function createAccess({
  token,
  hosts = [],
}: {
  token?: string | undefined
  hosts?: readonly string[] | undefined
}): (headers: Headers, url?: string) => Response | undefined {
  const allowed = [...localhostAllowedHostnames(), ...hosts]
  const wanted = token === undefined ? undefined : digest(token)
  return (headers, url) => {
    // A page of a stranger can lead its own name to this machine.
    if (!validateHostHeader(headers.get('host') ?? (url && new URL(url).host), allowed).ok)
      return refuse(403, 'This host is not allowed')
    if (!validateOriginHeader(headers.get('origin'), allowed).ok)
      return refuse(403, 'This origin is not allowed')
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? []
    if (!wanted || !timingSafeEqual(digest(given), wanted))
      return refuse(401, 'Send the token as Authorization: Bearer', { 'www-authenticate': 'Bearer' })
    return url === undefined || new URL(url).pathname === '/mcp' ? undefined : refuse(404, 'The path is /mcp')
  }
}
