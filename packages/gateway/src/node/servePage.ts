import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

// Made by the build: the page of the examples, and the client that it imports.
const folder = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/playground/' : './playground/',
  import.meta.url,
)

const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

/** The key that the page tries by itself. */
const demoKey = 'fsk_local_demo_key'

/** Answers a request for the playground at `/`, or for its files. Gives false for any other request. */
export function servePage(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  apiKey: string | null,
): boolean {
  const [path = ''] = url.split('?')
  const file = path === '/' ? 'index.html' : /^\/((?:client|playground)\/[\w/]+\.(?:js|css))$/.exec(path)?.[1]
  if (!file || (method !== 'GET' && method !== 'HEAD')) return false
  let text: string
  try {
    text = readFileSync(new URL(file, folder), 'utf8')
  } catch {
    return false
  }
  // With this mark the page asks the user for the key, before a request that would be refused.
  if (apiKey !== null && apiKey !== demoKey) text = text.replace('<html ', '<html data-needs-key ')
  const type = types[file.slice(file.lastIndexOf('.') + 1)]
  // A page of yesterday's version would be a puzzle.
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' })
  response.end(method === 'GET' ? text : undefined)
  return true
}
