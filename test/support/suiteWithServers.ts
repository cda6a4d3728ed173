import { suite, type Test } from '#test'
import { listen } from './listen.ts'

export interface Servers {
  /** A server until the case ends. */
  listen: typeof listen
  /** Called when the case has ended, the last one first. */
  atEnd(close: () => unknown): void
}

/** A suite whose cases open servers, which are closed after each. */
export function suiteWithServers<T extends Servers = Servers>(name: string): Test<T> {
  const closing: (() => unknown)[] = []
  const test = suite<T>(name)
  test.before.each((context) => {
    context.atEnd = (close) => void closing.unshift(close)
    context.listen = async (handler) => {
      const server = await listen(handler)
      context.atEnd(server.close)
      return server
    }
  })
  test.after.each(async () => {
    for (const close of closing.splice(0)) await close()
  })
  return test
}
