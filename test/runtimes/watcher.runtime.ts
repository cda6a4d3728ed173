// Watchers in real workerd: one for each request works, and one for all requests of a Durable Object. One that the requests
// of a Worker share loses waits, since the platform ends a round with the request that began it.
import { assert, suite } from '#test'
import { listen } from '../support/listen.ts'
import { bundleWorker, serveWorkerd } from './serveWorkerd.ts'

const test = suite('watchers in workerd')

/** Answers at once, and writes each state of the run, and the error. */
const code = `import { createClient } from '@flowscale/client'
import { createRunWatcher } from '@flowscale/client/poller'

const make = ({ API }) => createRunWatcher(createClient({ baseUrl: API }), { pollIntervalMs: 4000 })
const wait = (watcher, request) => {
  const { readable, writable } = new TransformStream()
  const writer = writable.getWriter()
  const write = (text) => writer.write(new TextEncoder().encode(text)).catch(() => {})
  const [runId, timeoutMs] = new URL(request.url).search.slice(1).split('&')
  watcher
    .wait(runId, { timeoutMs: +timeoutMs, onUpdate: ({ status }) => void write(status) })
    .catch(({ name }) => write(name))
    .then(() => writer.close(), () => {})
  return new Response(readable)
}
let shared
export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/object') return env.OBJECT.get(env.OBJECT.idFromName('one')).fetch(request)
    return wait(pathname === '/own' ? make(env) : (shared ??= make(env)), request)
  },
}
export class Watching {
  constructor(_, env) {
    this.watcher = make(env)
  }
  fetch(request) {
    return wait(this.watcher, request)
  }
}`

/** What the second of two requests hears that wait at the same time: the first ends between two rounds. */
async function waitTwice(date: string, path: string): Promise<string> {
  const api = await listen((request, response) => {
    const [, status] = /runs\/(\w+)$/.exec(request.url!)!
    response.end(JSON.stringify({ status: 'success', data: { _id: status, status } }))
  })
  const worker = await serveWorkerd({
    watcher: {
      code: await bundleWorker(code),
      date,
      texts: { API: api.url },
      bindings: '(name = "OBJECT", durableObjectNamespace = "Watching")',
      more: `durableObjectNamespaces = [(className = "Watching", uniqueKey = "key")],
        durableObjectStorage = (inMemory = void),`,
    },
  })
  try {
    const first = await fetch(`${worker.url}${path}?running&2000`)
    await first.body!.getReader().read()
    const second = await fetch(`${worker.url}${path}?cancelled&8000`)
    return await second.text()
  } finally {
    await worker.stop()
    await api.close()
  }
}

for (const date of ['2023-05-18', '2026-11-17']) {
  for (const path of ['/own', '/object']) {
    test(`${path}, ${date}`, async () => assert.match(await waitTwice(date, path), 'RunError'))
  }
  // What createRunWatcher and docs/runtimes.md warn of.
  test(`/shared, ${date}: its run ended, and nobody says so`, async () =>
    assert.is(await waitTwice(date, '/shared'), 'TimeoutError'))
}
