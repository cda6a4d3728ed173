import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

// The build makes it of packages/playground.
const folder = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/playground/' : './playground/',
  import.meta.url,
)

const files: Record<string, { name: string; type: string }> = {
  '/': { name: 'index.html', type: 'text/html' },
  '/main.js': { name: 'main.js', type: 'text/javascript' },
  '/main.css': { name: 'main.css', type: 'text/css' },
  '/LICENSES.txt': { name: 'LICENSES.txt', type: 'text/plain' },
}

/** The key that the page tries by itself. */
const demoKey = 'fsk_local_demo_key'

/** Answers a request for the playground at `/`, or for its files. Gives false for any other request. */
export function servePage(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  apiKey: string | null,
): boolean {
  const [path = ''] = url.split('?')
  const file = Object.hasOwn(files, path) ? files[path] : undefined
  if (!file || (method !== 'GET' && method !== 'HEAD')) return false
  let text: string
  try {
    text = readFileSync(new URL(file.name, folder), 'utf8')
  } catch {
    return false
  }
  // With this mark the page asks the user for the key, before a request that would be refused.
  const needsKey = path === '/' && apiKey !== null && apiKey !== demoKey
  if (needsKey) text = text.replace('<html ', '<html data-needs-key ')
  // A page of yesterday's version would be a puzzle.
  response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8`, 'cache-control': 'no-cache' })
  response.end(method === 'GET' ? text : undefined)
  return true
}
