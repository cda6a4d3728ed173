import { brokenBy } from '../face/breakOff.ts'
import type { Face } from '../http/types.ts'

/** The same face, which logs one line for each request. */
export function logged<T extends Pick<Face, 'handle'>>(face: T, log: (line: string) => void): T {
  return {
    ...face,
    async handle(...[request, where]: Parameters<Face['handle']>) {
      const start = performance.now()
      const { pathname, search } = new URL(request.url)
      // The query of a file link is its signature.
      const path = pathname.startsWith('/generations/') ? pathname : pathname + withoutKey(search)
      const what = `${request.method} ${where.files ? `(files) ${pathname}` : path}`
      const say = (result: string): void =>
        log(`${what} ${result} ${Math.round(performance.now() - start)} ms`)
      try {
        const response = await face.handle(request, where)
        say(String(response.status))
        return response
      } catch (error) {
        say(brokenBy(error) ? 'broken off' : 'aborted')
        throw error
      }
    },
  }
}

/** A WebSocket takes the key in its query. */
function withoutKey(search: string): string {
  const isKey = (part: string): boolean =>
    [...new URLSearchParams(part).keys()].some((name) => name.toLowerCase() === 'api_key')
  return search.replace(/[^?&]+/g, (part) => (isKey(part) ? 'api_key=…' : part))
}
