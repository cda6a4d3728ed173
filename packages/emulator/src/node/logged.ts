import { brokenBy } from '../faults/breakOff.ts'
import type { Emulator } from '../types.ts'

/** The same emulator, which says one line for each request that it answers. */
export function logged(emulator: Emulator, log: (line: string) => void): Emulator {
  return {
    ...emulator,
    async handle(request, where) {
      const start = performance.now()
      const { pathname, search } = new URL(request.url)
      // The query of a file link is its signature.
      const what = `${request.method} ${where.files ? `(files) ${pathname}` : pathname + search}`
      const say = (result: string): void =>
        log(`${what} ${result} ${Math.round(performance.now() - start)} ms`)
      try {
        const response = await emulator.handle(request, where)
        say(String(response.status))
        return response
      } catch (error) {
        say(brokenBy(error) ? 'broken off' : 'aborted')
        throw error
      }
    },
  }
}
