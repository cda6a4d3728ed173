import { equal, ok } from './assert.ts'
import type { Case, Context } from './types.ts'

const served = { dialects: ['readme', 'python'] } as const
const client = ({ lib, options }: Context) => lib.createClient(options)
const prompt = { text: 'a red fox in snow' }

/** Events of runs as push. */
export const eventCases: Case[] = [
  {
    ...served,
    operation: 'connectEvents',
    name: 'push: resolves long before the next poll',
    async run(context) {
      const own = client(context)
      const events = context.lib.connectEvents(own)
      const options = { push: events, pollIntervalMs: 200_000, timeoutMs: 100_000 }
      const { outputs } = await context.lib.executeWorkflowAsync(own, 'quick', prompt, options)
      equal(outputs.length, 1, 'outputs')
      ok(!events.connected, 'no stream is left')
      events.close()
    },
  },
  {
    ...served,
    operation: 'connectEvents',
    name: 'many runs over few streams: each ends, those without a stream by polls',
    async run(context) {
      const { lib } = context
      const own = client(context)
      const events = lib.connectEvents(own, { maxStreams: 2 })
      const inputs = Array.from({ length: 8 }, (_, index) => ({ text: `fox ${index}` }))
      const options = { push: events, pollIntervalMs: 50, maxRequestsPerSecond: 1000 }
      const results = await lib.executeMany(own, 'quick', inputs, options)
      ok(
        results.every(({ status }) => status === 'fulfilled'),
        'all are fulfilled',
      )
      events.close()
    },
  },
  {
    ...served,
    operation: 'connectEvents',
    name: 'an abort gives its reason back, and ends the stream',
    async run(context) {
      const { lib } = context
      const own = client(context)
      const events = lib.connectEvents(own)
      const { data } = await lib.executeWorkflow(own, 'nev3rend5run', {})
      const control = new AbortController()
      const reason = { mine: true }
      const wait = lib.waitForRun(own, data.run_id, {
        push: events,
        pollIntervalMs: 200_000,
        signal: control.signal,
      })
      const ended = wait.catch((error: unknown) => error)
      while (!events.connected) await new Promise((resolve) => setTimeout(resolve, 5))
      control.abort(reason)
      ok((await ended) === reason, 'the same reason')
      while (events.connected) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  },
  {
    dialects: ['openapi'],
    operation: 'connectEvents',
    name: 'a server without events is polled, and that is said once',
    async run(context) {
      const { lib, options } = context
      const said: string[] = []
      const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void said.push(message) }
      const own = lib.createClient({ ...options, logger, retryDelayMs: 1 })
      const events = lib.connectEvents(own)
      const more = { push: events, pollIntervalMs: 10 }
      const { outputs } = await lib.executeWorkflowAsync(own, 'quick', prompt, more)
      equal(outputs.length, 1, 'outputs')
      const { data } = await lib.executeWorkflow(own, 'nev3rend5run', {})
      const wait = new AbortController()
      const waiting = lib.waitForRun(own, data.run_id, { ...more, signal: wait.signal }).catch(() => {})
      while (!said.length) await new Promise((resolve) => setTimeout(resolve, 5))
      wait.abort()
      await waiting
      equal(said, ['The server has no events of runs: polling'], 'said')
    },
  },
]
