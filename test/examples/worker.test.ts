// The handlers of the Cloudflare Worker example, with a Map for KV and an emulator for FlowScale.
import { assert } from '#test'
import worker, { type Env } from '../../examples/cloudflare-worker/src/index.ts'
import { type Servers, suiteWithServers } from '../support/suiteWithServers.ts'
import { cancel, occupy, pod, reached } from './kit.ts'

const test = suiteWithServers('worker example')

function memory() {
  const map = new Map<string, string>()
  const store: Env['RUNS'] = {
    get: async (key) => map.get(key) ?? null,
    put: async (key, value) => void map.set(key, value),
    delete: async (key) => void map.delete(key),
    list: async ({ prefix }) => ({
      keys: [...map.keys()].filter((key) => key.startsWith(prefix)).map((name) => ({ name })),
    }),
  }
  return { map, store }
}

/** What the worker logs, quietly; and never the key. */
const log: string[] = []
const { error, warn } = console
test.before(() => {
  console.error = console.warn = (...words) => void log.push(words.map(String).join(' '))
})
test.after(() => {
  console.error = error
  console.warn = warn
})

async function start(atEnd: Servers['atEnd']) {
  const local = await pod({ containers: 1 })
  atEnd(local.close)
  const { map, store } = memory()
  const env: Env = { FLOWSCALE_API_URL: local.url, FLOWSCALE_API_KEY: local.emulator.apiKey, RUNS: store }
  const call = async (path: string, init?: RequestInit, using = env) => {
    const response = await worker.fetch(new Request(`http://worker.test${path}`, init), using)
    const text = await response.text()
    assert.not.match(text + [...response.headers], local.emulator.apiKey)
    return { status: response.status, location: response.headers.get('location'), body: JSON.parse(text) }
  }
  const generate = (key?: string, body: unknown = { prompt: 'a red fox' }, using = env) =>
    call(
      '/generate',
      {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: key ? { 'Idempotency-Key': key } : {},
      },
      using,
    )
  return { ...local, map, env, call, generate, tick: () => worker.scheduled({}, env) }
}

test('answers at once with the id of the run, and the cron finishes it', async ({ atEnd }) => {
  const { emulator, generate, call, tick, map } = await start(atEnd)
  const release = await occupy(emulator)
  const { status, location, body } = await generate('one')
  const { runId } = body
  assert.is(status, 202)
  assert.is(location, `/runs/${runId}`)
  assert.is(emulator.stateOf(runId)?.status, 'queued')
  assert.is((await call(location!)).body.status, 'pending')

  // Not done yet: it stays pending, and the next one finishes it.
  const before = emulator.stats.requests
  await tick()
  assert.is(emulator.stats.requests - before, 3, 'maxPolls')
  assert.is((await call(location!)).body.status, 'pending')
  assert.ok(map.has(`pending:${runId}`))
  await release()
  await reached(emulator, 'completed', runId)
  await tick()
  assert.not.ok(map.has(`pending:${runId}`))

  const done = await call(location!)
  assert.is(done.status, 200)
  assert.is(done.body.status, 'completed')
  const [output] = done.body.outputs
  const png = new Uint8Array(await (await fetch(output.url)).arrayBuffer())
  assert.equal([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
  const idle = emulator.stats.requests
  await tick()
  assert.is(emulator.stats.requests, idle, 'nothing left to ask')
})

test('the same key submits once, also when the worker ended before it could note the run', async ({
  atEnd,
}) => {
  const { emulator, generate, map, tick, call } = await start(atEnd)
  const first = await generate('same')
  const before = emulator.stats.requests
  const second = await generate('same')
  assert.equal(second.body, first.body)
  assert.is(emulator.stats.requests, before, 'FlowScale is not asked')
  assert.is(emulator.stats.runsStarted, 1)

  map.clear()
  const third = await generate('same')
  assert.is(third.status, 202)
  assert.is(third.body.runId, first.body.runId)
  assert.is(emulator.stats.runsStarted, 1)
  await reached(emulator, 'completed', first.body.runId)
  await tick()
  assert.is((await call(third.location!)).body.status, 'completed')

  const other = await generate('other')
  assert.is.not(other.body.runId, first.body.runId)
  await generate()
  await generate()
  assert.is(emulator.stats.runsStarted, 4)
})

test('a failed run is recorded, and holds no other up', async ({ atEnd }) => {
  const { emulator, generate, tick, call, map } = await start(atEnd)
  const release = await occupy(emulator)
  const bad = (await generate('bad')).body.runId
  const good = (await generate('good')).body.runId
  map.set('pending:n0-such-run', '')
  map.set('run:n0-such-run', JSON.stringify({ runId: 'n0-such-run', status: 'pending', outputNames: [] }))
  await cancel(emulator, bad)
  await release()
  await reached(emulator, 'completed', good)
  await tick()
  assert.equal((await call(`/runs/${bad}`)).body, { runId: bad, status: 'failed', errors: ['cancelled'] })
  assert.is((await call('/runs/n0-such-run')).body.status, 'failed')
  assert.is((await call(`/runs/${good}`)).body.status, 'completed')
  assert.equal(
    [...map.keys()].filter((key) => key.startsWith('pending:')),
    [],
  )
})

test('no more runs at a time than the subrequests allow, and each gets its turn', async ({ atEnd }) => {
  const { emulator, generate, tick, map, runs } = await start(atEnd)
  const release = await occupy(emulator)
  for (let index = 0; index < 12; index++) await generate(`run-${index}`)
  const before = emulator.stats.requests
  await tick()
  assert.is(emulator.stats.requests - before, 8 * 3)

  // The last is over, and comes to its turn although the others are not.
  const runId = (await runs()).at(-1)!
  await cancel(emulator, runId)
  for (let round = 0; round < 30 && map.has(`pending:${runId}`); round++) await tick()
  assert.not.ok(map.has(`pending:${runId}`))
  await release()
  for (const other of (await runs()).slice(1, -1)) await reached(emulator, 'completed', other)
  for (let round = 0; round < 20 && [...map.keys()].some((key) => key.startsWith('pending:')); round++)
    await tick()
  assert.equal([...map.values()].filter((value) => value.includes('"completed"')).length, 11)
})

test('what is wrong is told, without the key', async ({ atEnd }) => {
  const { emulator, env, generate, call } = await start(atEnd)
  for (const body of ['no json', {}, { prompt: ' ' }, { prompt: 7 }, null])
    assert.is((await generate('x', body)).status, 400)
  assert.is((await generate('not a key')).status, 400)
  assert.is((await call('/generate')).status, 404)
  assert.is((await call('/runs/unknown')).status, 404)
  assert.is(emulator.stats.requests, 0)
  const refused = await generate('x', undefined, { ...env, FLOWSCALE_API_KEY: 'fsk_wrong_one' })
  assert.equal(refused, { status: 502, location: null, body: { error: 'ERR_FLOWSCALE_HTTP' } })
  assert.not.match(log.join('\n'), /fsk_wrong_one|fsk_example/)
  assert.is(emulator.stats.runsStarted, 0)
})
