// The events of a run that a ComfyUI makes: progress by node, places in its queue, and a gateway that restarts.
import { createGateway } from '@flowscale/gateway'
import { serve } from '@flowscale/gateway/node'
import { assert } from '#test'
import type { Run } from '../../../../../packages/gateway/src/engine.ts'
import { type Came, eventsOf } from '../../../../support/eventsOf.ts'
import { isRising } from '../../../../support/isRising.ts'
import { isRunning, suiteOnComfy } from '../kit.ts'

const test = suiteOnComfy('events of a run of a ComfyUI')
const KEY = 'a-key'

/** A server in front of an engine of the setup. */
async function served(
  engine: Parameters<typeof createGateway>[0]['engine'],
): Promise<{ read(id: string): Promise<AsyncGenerator<Came, void>>; close(): Promise<void> }> {
  const gateway = createGateway({ engine, workflows: [], apiKey: KEY })
  const { url, close } = await serve(gateway)
  return {
    async read(id) {
      const answer = await fetch(`${url}/api/v1/runs/${id}/events`, { headers: { 'x-api-key': KEY } })
      assert.is(answer.status, 200)
      return eventsOf(answer)
    },
    async close() {
      gateway.close()
      await close()
    },
  }
}

const all = async (events: AsyncIterable<Came>): Promise<Came[]> => {
  const came: Came[] = []
  for await (const event of events) came.push(event)
  return came
}

const statesOf = (came: readonly Came[]): string[] => [...new Set(came.map(({ data }) => data.status))]

test('three readers see progress by node, and the end', async ({ engine, submit }) => {
  const server = await served(() => engine)
  const { id } = await submit('slow', { seconds: 1.2 })
  const readers = await Promise.all([1, 2, 3].map(() => server.read(id)))
  for (const came of await Promise.all(readers.map(all))) {
    const steps = came.map(({ data }) => data.progress)
    assert.ok(steps.length > 6, `${steps}`)
    assert.ok(isRising(steps), `${steps}`)
    assert.ok(came.some(({ data }) => data.node === 'Slow' && data.status === 'running'))
    assert.equal(came.at(-1)!.id, 'completed')
    assert.match(came.at(-1)!.data.output_names[0], /\.png$/)
  }
  await server.close()
})

test('a run that waits tells its place as it moves on', async ({ engine, submit, until }) => {
  const server = await served(() => engine)
  const runs: Run[] = []
  for (const seconds of [1.2, 1.2, 0.2]) runs.push(await submit('slow', { seconds, seed: runs.length }))
  await until(runs[0]!.id, isRunning)
  const came = await all(await server.read(runs[2]!.id))
  const ids = came.map(({ id }) => id)
  assert.equal([ids[0], ids.at(-1)], ['queued 2', 'completed'])
  assert.ok(ids.includes('queued 1'), `${ids}`)
  assert.equal(statesOf(came), ['queued', 'running', 'completed'])
  await server.close()
})

test('after a restart of the gateway, a reader gets the present state', async (setup) => {
  const { engine, another, submit } = setup
  const before = await served(() => engine)
  const { id } = await submit('slow', { seconds: 2.5 })
  const events = await before.read(id)
  let last: Came | undefined
  while (last?.data.status !== 'running' || !last.data.progress) last = (await events.next()).value!
  await before.close()
  for (;;) {
    const { done } = await events.next().catch(() => ({ done: true }))
    if (done) break
  }
  const after = await served(() => another())
  const came = await all(await after.read(id))
  assert.ok(['running', 'completed'].includes(came[0]!.data.status))
  assert.is(came.at(-1)!.id, 'completed')
  await after.close()
})

test('a cancelled run, and one that fails', async ({ engine, submit, until }) => {
  const server = await served(() => engine)
  const failing = await submit('failing')
  assert.is((await all(await server.read(failing.id))).at(-1)!.id, 'failed')
  const { id } = await submit('slow', { seconds: 60 })
  await until(id, isRunning)
  const events = await server.read(id)
  await events.next()
  await engine.cancelRun(id)
  assert.is((await all(events)).at(-1)!.id, 'cancelled')
  await server.close()
})
