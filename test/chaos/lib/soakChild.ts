import { getEventListeners } from 'node:events'
import { createClient, isFlowScaleError } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import type { Soaked, SoakOrders } from '../soak.ts'
import { createTally } from './finding.ts'
import { createSpy, inParallel, within } from './guard.ts'

const AT_A_TIME = 200

async function soak({ url, runs, limitMs }: SoakOrders): Promise<Soaked> {
  const logger = createSpy()
  const client = createClient({
    baseUrl: url,
    apiKey: CANARY,
    timeoutMs: 20_000,
    retryDelayMs: 5,
    logger,
  })
  /** Of signals whose run has ended. */
  let listeners = 0
  const ends = createTally()
  const failures: string[] = []
  const tenths: Soaked['tenths'] = []
  const start = performance.now()
  const spentMs = (): number => performance.now() - start
  let asked = 0
  // The time is shared out, so that there are ten tenths however far it goes.
  for (let tenth = 1; tenth <= 10; tenth++) {
    await inParallel(
      runs / 10,
      AT_A_TIME,
      async () => {
        asked++
        const text = `run ${asked}`
        // One for each: Node before 24 keeps some 60 bytes (22: 180) for every signal that was derived from a long-lived one.
        const { signal } = new AbortController()
        try {
          const pending = executeWorkflowAsync(
            client,
            'qu1ck',
            { text },
            { signal, timeoutMs: 60_000, pollIntervalMs: 100, onUpdate: () => {}, onSubmitted: () => {} },
          )
          const { outputs } = await within(120_000, text, pending)
          if (outputs.length !== 1) failures.push(`${text} has ${outputs.length} outputs`)
          ends.add('result')
        } catch (error) {
          if (!isFlowScaleError(error)) return void failures.push(`${text} ended with ${error}`)
          assertNoCanary(error, text)
          ends.add(error.name)
        } finally {
          listeners += getEventListeners(signal, 'abort').length
        }
      },
      () => spentMs() > (limitMs * tenth) / 10,
    )
    await closeConnections()
    tenths.push(await measure(listeners))
  }
  return {
    asked,
    seconds: spentMs() / 1000,
    ends: ends.counts,
    tenths,
    failures: [...failures, ...logger.leaks],
  }
}

/** Lets fetch begin anew: what it keeps of idle connections, 4 KB each and more of them by chance, is its own. */
async function closeConnections(): Promise<void> {
  const all = globalThis as any
  const names = [1, 2].map((version) => Symbol.for(`undici.globalDispatcher.${version}`))
  const { [names.find((name) => all[name]?.constructor.name === 'Agent')!]: agent } = all
  await within(60_000, 'closing the connections', agent.close())
  const fresh = new agent.constructor()
  for (const name of names) all[name] = fresh
}

async function measure(listeners: number): Promise<Soaked['tenths'][number]> {
  // What was let go of ends: sockets of broken answers, callbacks of finalizers.
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    globalThis.gc!()
  }
  const resources = process.getActiveResourcesInfo()
  const many = (name: string): number => resources.filter((resource) => resource === name).length
  return {
    heap: process.memoryUsage().heapUsed,
    sockets: many('TCPSocketWrap'),
    timers: many('Timeout'),
    listeners,
  }
}

process.once('message', async (orders: SoakOrders) => {
  const soaked = await soak(orders)
  process.send!(soaked, () => process.disconnect())
})
process.on('disconnect', () => process.exit())
