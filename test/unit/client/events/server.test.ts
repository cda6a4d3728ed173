import type { IncomingMessage, ServerResponse } from 'node:http'
import { createClient } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { recorder } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'
import { until } from '../../../support/until.ts'

const test = suite('events over HTTP')
test.after.each(closeAll)

/** A server of runs and their events. */
async function serve(change: (url: string, response: ServerResponse) => boolean = () => false) {
  const states: Record<string, string> = {}
  const streams = new Map<string, ServerResponse>()
  const requests: IncomingMessage[] = []
  const server = await listen((request, response) => {
    const { url = '' } = request
    requests.push(request)
    if (change(url, response)) return
    const [, runId = '', isEvents] = /runs\/([^/?]+)(\/events)?$/.exec(url) ?? []
    const data = (id: string) => ({ _id: id, status: states[id] ?? 'running', outputs: [] })
    if (isEvents) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
      streams.set(runId, response)
      response.on('close', () => streams.delete(runId))
      return
    }
    const shown = runId ? data(runId) : { group_id: null, count: 0, runs: Object.keys(states).map(data) }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'success', data: shown }))
  })
  return closeLater({
    ...server,
    states,
    streams,
    requests,
    tell(runId: string, status: string) {
      states[runId] = status
      const stream = streams.get(runId)
      stream?.write(`data: ${JSON.stringify({ run_id: runId, status })}\n\n`)
      if (status === 'completed') stream?.end()
    },
  })
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('the end of a run, an abort and close leave no stream at the server, no timer and no listener', async () => {
  const server = await serve()
  const client = createClient({ baseUrl: server.url, apiKey: CANARY })
  const events = connectEvents(client)
  const before = timers()
  const control = new AbortController()
  const slow = { push: events, pollIntervalMs: 100_000 }
  const ended = waitForRun(client, 'a', slow)
  const aborted = waitForRun(client, 'b', { ...slow, signal: control.signal }).catch((error) => error)
  const watch = events.watch('c', () => {})
  await until(() => server.streams.size === 3 && events.connected)
  server.tell('a', 'completed')
  assert.is((await ended).status, 'completed')
  await until(() => server.streams.size === 2)
  control.abort('enough')
  assert.is(await aborted, 'enough')
  await until(() => server.streams.size === 1)
  events.close()
  await until(() => server.streams.size === 0)
  watch.stop()
  await until(() => timers() <= before)
  for (const { url, headers } of server.requests) {
    assert.is(headers['x-api-key'], CANARY, url)
    assert.not.match(`${url}`, CANARY)
  }
})

test('the key does not go where the server redirects to', async () => {
  const other = await serve()
  const server = await serve((url, response) => {
    if (!url.endsWith('/events')) return false
    response.writeHead(307, { location: `${other.url}${url}` }).end()
    return true
  })
  const logger = recorder()
  const client = createClient({ baseUrl: server.url, apiKey: CANARY, logger })
  const events = connectEvents(client)
  server.states.a = 'running'
  const wait = waitForRun(client, 'a', { push: events, pollIntervalMs: 10 })
  await until(() => logger.lines.some(({ level }) => level === 'warn'))
  server.states.a = 'completed'
  await wait
  assert.is(other.requests.length, 0)
  events.close()
})

test('a server that goes away in the middle: no unhandled rejection, and the wait ends by polls', async () => {
  const server = await serve()
  const client = createClient({ baseUrl: server.url, apiKey: CANARY })
  const events = connectEvents(client)
  const wait = waitForRun(client, 'a', { push: events, pollIntervalMs: 100_000 })
  await until(() => events.connected)
  server.states.a = 'completed'
  server.streams.get('a')!.socket!.resetAndDestroy()
  assert.is((await wait).status, 'completed')
  events.close()
})
