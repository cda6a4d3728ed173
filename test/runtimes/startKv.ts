import { listen } from '../support/listen.ts'
import { readBody } from '../support/multipart.ts'

/** What is behind a KV binding: an HTTP server that keeps values in memory. */
export async function startKv() {
  const map = new Map<string, string>()
  const server = await listen(async (request, response) => {
    const url = new URL(request.url!, 'http://kv')
    const key = decodeURIComponent(url.pathname.slice(1))
    if (request.method === 'PUT') map.set(key, (await readBody(request)).toString())
    else if (request.method === 'DELETE') map.delete(key)
    else if (!key) {
      const prefix = url.searchParams.get('prefix') ?? ''
      const keys = [...map.keys()].filter((name) => name.startsWith(prefix)).map((name) => ({ name }))
      response.end(JSON.stringify({ keys, list_complete: true }))
      return
    } else if (!map.has(key)) response.statusCode = 404
    response.end(request.method === 'GET' ? map.get(key) : undefined)
  })
  return { ...server, map }
}
