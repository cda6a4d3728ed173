import { equal, ok } from './assert.ts'
import { type Case, one } from './types.ts'

const served = { dialects: ['readme', 'python'] } as const
const prompt = { text: 'a red fox in snow' }

/** Events of runs as push. */
export const eventCases: Case[] = [
  one('connectEvents', 'push: resolves long before the next poll', served, async ({ client, lib }) => {
    const events = lib.connectEvents(client)
    const options = { push: events, pollIntervalMs: 200_000, timeoutMs: 100_000 }
    const { outputs } = await lib.executeWorkflowAsync(client, 'quick', prompt, options)
    equal(outputs.length, 1, 'outputs')
    ok(!events.connected, 'no stream is left')
    events.close()
  }),
  one(
    'connectEvents',
    'many runs over few streams: each ends, those without a stream by polls',
    served,
    async ({ lib, client }) => {
      const events = lib.connectEvents(client, { maxStreams: 2 })
      const inputs = Array.from({ length: 8 }, (_, index) => ({ text: `fox ${index}` }))
      const options = { push: events, pollIntervalMs: 50, maxRequestsPerSecond: 1000 }
      const results = await lib.executeMany(client, 'quick', inputs, options)
      ok(
        results.every(({ status }) => status === 'fulfilled'),
        'all are fulfilled',
      )
      events.close()
    },
  ),
  one(
    'connectEvents',
    'an abort gives its reason back, and ends the stream',
    served,
    async ({ lib, client }) => {
      const events = lib.connectEvents(client)
      const { data } = await lib.executeWorkflow(client, 'nev3rend5run', {})
      const control = new AbortController()
      const reason = { mine: true }
      const wait = lib.waitForRun(client, data.run_id, {
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
  ),
  one(
    'connectEvents',
    'a server without events is polled, and that is said once',
    { dialects: ['openapi'] },
    async ({ lib, options }) => {
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
  ),
]
