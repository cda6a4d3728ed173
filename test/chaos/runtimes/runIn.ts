import type { Row } from '../../runtimes/commands.ts'
import { told } from '../../runtimes/told.ts'
import { assertNoCanary } from '../../support/canary.ts'
import { listen } from '../../support/listen.ts'
import type { Orders } from '../lib/executeCalls.ts'
import type { Told } from './suite.ts'

const LIMIT_MS = 300_000
const END_MS = 60_000

/** Runs the suite in a runtime. Throws where it tells nothing, or does not end by itself. */
export async function runIn({ runtime, start }: Row, app: string, orders: Orders): Promise<Told> {
  let resolve!: (told: Told) => void
  const coming = new Promise<Told>((done) => {
    resolve = done
  })
  const control = await listen(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.url === '/done') resolve(JSON.parse(text))
    response.end(request.url === '/orders' ? JSON.stringify(orders) : undefined)
  })
  const started = await start(control.url, app)
  try {
    const given = await told(started, coming, LIMIT_MS)
    assertNoCanary(started.output(), `what ${runtime} said`)
    if (!given) throw new Error(`${runtime} has told nothing\n${started.output()}`)
    if (started.exit) {
      // By itself: a timer or a socket left behind would hold it.
      const code = await told(started, started.exit, END_MS)
      if (code !== 0) throw new Error(`${runtime} has ended with ${code}\n${started.output()}`)
    }
    return given
  } finally {
    await started.end()
    await control.close()
  }
}
