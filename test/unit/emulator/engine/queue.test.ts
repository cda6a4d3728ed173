import { assert, suite } from '#test'
import { pluck } from '../../../support/pluck.ts'
import { until } from '../../../support/until.ts'
import { type Api, ended, type Gates, gates, ISO, open, TRANSPORTS } from '../kit.ts'

for (const transport of TRANSPORTS) {
  const test = suite(`queues, ${transport}`)
  let api: Api
  let gate: Gates

  test.before.each(() => {
    gate = gates()
  })
  test.after.each(() => api.close())

  async function queues(): Promise<[string[], string[]][]> {
    const { body } = await api.get('/api/v1/comfy/queue')
    type Entry = [number, string]
    return body.data.map(({ queue }: { queue: { queue_running: Entry[]; queue_pending: Entry[] } }) => [
      queue.queue_running.map(([, id]) => id),
      queue.queue_pending.map(([, id]) => id),
    ])
  }

  async function submit(...labels: string[]): Promise<string[]> {
    const ids: string[] = []
    for (const label of labels) ids.push(await api.run('gate', { label }))
    return ids
  }

  test('one container: first in, first out', async () => {
    api = await open(transport, { workflows: [gate.workflow], containers: 1 })
    const [a, b, c] = await submit('a', 'b', 'c')
    assert.equal(await queues(), [[[a], [b, c]]])
    const waiting = await api.state(b!)
    assert.equal([waiting.status, waiting.started_at, waiting.progress], ['queued', null, 0])
    for (const [id, label] of [
      [a!, 'a'],
      [b!, 'b'],
      [c!, 'c'],
    ] as const) {
      await until(() => gate.begun.at(-1) === label)
      assert.is((await api.state(id)).status, 'running')
      gate.release(label)
      await ended(api, id)
    }
    assert.equal(gate.begun, ['a', 'b', 'c'])
    assert.equal(await queues(), [[[], []]])
  })

  test('the shortest queue is fed, the running one counts', async () => {
    api = await open(transport, { workflows: [gate.workflow], containers: 3 })
    const [a, b, c, d, e, f, g] = await submit('a', 'b', 'c', 'd', 'e', 'f', 'g')
    assert.equal(await queues(), [
      [[a], [d, g]],
      [[b], [e]],
      [[c], [f]],
    ])
    await until(() => gate.begun.length === 3)
    gate.release('c')
    await ended(api, c!)
    const [h] = await submit('h')
    assert.equal(await queues(), [
      [[a], [d, g]],
      [[b], [e]],
      [[f], [h]],
    ])
    const numbers = (await api.get('/api/v1/comfy/queue')).body.data.map(
      ({ queue }: { queue: { queue_running: number[][]; queue_pending: number[][] } }) =>
        [...queue.queue_running, ...queue.queue_pending].map(([number]) => number),
    )
    assert.equal(numbers, [
      [0, 1, 2],
      [0, 1],
      [1, 2],
    ])
  })

  test('cancel while queued: it never begins, and its file is a failed one', async () => {
    api = await open(transport, { workflows: [gate.workflow], containers: 1, dialect: 'readme' })
    const [a, b, c] = await submit('a', 'b', 'c')
    await api.post(`/api/v1/runs/${b}/cancel`)
    assert.equal(await queues(), [[[a], [c]]])
    const run = await api.state(b!)
    assert.equal([run.status, run.started_at, run.outputs], ['cancelled', null, []])
    assert.match(run.completed_at, ISO)
    await until(() => gate.begun.length === 1)
    gate.release('a')
    await ended(api, a!)
    await until(() => gate.begun.length === 2)
    gate.release('c')
    assert.is((await ended(api, c!)).status, 'completed')
    assert.equal(gate.begun, ['a', 'c'])
  })

  test('cancel while running: the next one starts, a late result changes nothing', async () => {
    let finish: (() => void) | undefined
    let aborted = false
    const stubborn = {
      ...gate.workflow,
      id: 'stubborn',
      async run(_: object, { signal }: { signal: AbortSignal }) {
        signal.addEventListener('abort', () => {
          aborted = true
        })
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        return { text: { data: new Uint8Array(1), type: 'text/plain' } }
      },
    }
    api = await open(transport, { workflows: [gate.workflow, stubborn], containers: 1 })
    const body = await api.post('/api/v1/runs?workflow_id=stubborn')
    const { run_id: id, output_names: names } = body.body.data
    const [next] = await submit('next')
    await until(() => finish !== undefined)
    await api.post(`/api/v1/runs/${id}/cancel`)
    assert.ok(aborted)
    assert.equal(await queues(), [[[next], []]])
    const cancelled = await api.state(id)
    assert.is(cancelled.status, 'cancelled')
    finish!()
    await until(() => gate.begun.length === 1)
    gate.release('next')
    await ended(api, next!)
    assert.equal(await api.state(id), cancelled)
    const output = await api.get(`/api/v1/runs/output?filename=${names[0]}`)
    assert.equal(output.body, {
      status: 'failed',
      errors: ['The run was cancelled'],
      data: { download_url: null, generation_status: 'failed' },
    })
  })

  test('cancelling what has ended says so', async () => {
    api = await open(transport, { workflows: [gate.workflow] })
    const [id] = await submit('a')
    await until(() => gate.begun.length === 1)
    gate.release('a')
    const done = await ended(api, id!)
    const { status, body } = await api.post(`/api/v1/runs/${id}/cancel`)
    assert.equal([status, body], [200, { status: 'success', data: 'Run has already ended: completed' }])
    assert.equal((await api.state(id!)).completed_at, done.completed_at)
    assert.is((await api.state(id!)).status, 'completed')
  })

  test('maxRuns: the oldest ended run goes, with its files; those on the way stay', async () => {
    api = await open(transport, { workflows: [gate.workflow], containers: 10, maxRuns: 2 })
    const first = await submit('a', 'b', 'c', 'd')
    await until(() => gate.begun.length === 4)
    const links: string[] = []
    for (const label of ['b', 'a', 'c']) {
      const id = first['abcd'.indexOf(label)]!
      gate.release(label)
      // The third ending drops the first.
      if (label === 'c') await until(async () => (await api.get(`/api/v1/runs/${first[1]}`)).status === 404)
      else links.push((await ended(api, id)).outputs[0].url)
    }
    const names = links.map((link) => new URL(link).pathname.split('/')[3])
    assert.is((await api.get(`/api/v1/runs/output?filename=${names[0]}`)).status, 404)
    assert.is((await api.fetch(links[0]!)).status, 404)
    assert.is((await api.fetch(links[1]!)).status, 200)
    assert.is((await api.state(first[3]!)).status, 'running')
    const { body } = await api.get('/api/v1/runs')
    assert.equal(pluck(body.data.runs as any[], '_id'), [first[3], first[2], first[0]])
  })

  test('close: everything ends, results can be read, nothing new is taken', async () => {
    api = await open(transport, { workflows: [gate.workflow], containers: 1 })
    const [a, b] = await submit('a', 'b')
    await until(() => gate.begun.length === 1)
    api.emulator.close()
    assert.is((await api.state(a!)).status, 'cancelled')
    assert.is((await api.state(b!)).status, 'cancelled')
    assert.equal(gate.begun, ['a'])
    const { status, body } = await api.post('/api/v1/runs?workflow_id=gate')
    assert.equal([status, body], [503, { status: 'error', errors: ['The emulator is closed'] }])
    const health = await api.get('/api/v1/comfy/health')
    const reason = 'does not answer'
    assert.equal(health.body.data, [{ container: 'container #1', status: 'stopped', reason }])
    api.emulator.close()
  })
}
