// Waits that share their requests and a push connection: what it tells is asked about at once, what it will tell rarely.
import { getOutput } from '@flowscale/client'
import { createRunWatcher } from '@flowscale/client/poller'
import { assert } from '#test'
import { ok } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { fleet } from './fleet.ts'

const test = suiteWithClock('shared waits with push')
const ids = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`)
const completed = (settled: readonly { status: string }[]) =>
  settled.filter(({ status }) => status === 'fulfilled').length

test('one that ends is asked for at once, by itself', async ({ clock }) => {
  const { client, push, update, asked, listeners, subscribed } = fleet(clock, 50)
  const watcher = createRunWatcher(client, { push })
  const waits = ids(50).map((runId) => watcher.wait(runId))
  await clock.tickAsync(10_000)
  assert.is(listeners.size, 50)
  assert.is(subscribed.size, 50)
  const before = asked.length
  let isOver = false
  waits[7]!.then(() => {
    isOver = true
  })
  update('r7', 'completed')
  await clock.tickAsync(10)
  assert.ok(isOver)
  await clock.tickAsync(500)
  assert.equal(pluck(asked.slice(before), 'what'), ['run r7'])
  for (const runId of ids(50)) if (runId !== 'r7') update(runId, 'completed')
  await clock.tickAsync(1000)
  await Promise.all(waits)
  assert.equal([listeners.size, subscribed.size, clock.countTimers()], [0, 0, 0])
})

for (const spreadMs of [0, 40]) {
  test(`a hundred that end within ${spreadMs} ms cost one list`, async ({ clock }) => {
    const { client, push, update, count, asked } = fleet(clock, 100)
    const watcher = createRunWatcher(client, { push })
    const waits = watcher.waitAll(ids(100))
    await clock.tickAsync(10_000)
    const [lists, singles] = [count('list'), count('run')]
    for (const [index, runId] of ids(100).entries()) {
      update(runId, 'completed')
      if (spreadMs && index % 5 === 4) await clock.tickAsync(spreadMs / 20)
    }
    await clock.tickAsync(100)
    assert.is(completed(await waits), 100)
    assert.is(count('list') - lists, 1, JSON.stringify(asked.slice(-5)))
    assert.is(count('run') - singles, 0)
  })
}

test('a hundred that go on cost one list, and those who want each state get it', async ({ clock }) => {
  const { client, push, update, count } = fleet(clock, 100)
  const watcher = createRunWatcher(client, { push })
  const told: string[] = []
  const waits = watcher.waitAll(ids(100), { onUpdate: ({ status }) => void told.push(status) })
  await clock.tickAsync(10_000)
  const [lists, singles] = [count('list'), count('run')]
  for (const runId of ids(100)) update(runId, 'queued')
  await clock.tickAsync(500)
  const states = told.filter((status) => status === 'queued')
  assert.equal([states.length, count('list') - lists, count('run') - singles], [100, 1, 0])
  watcher.close()
  await waits
})

test('what no list holds is asked for one by one, which a close ends', async ({ clock }) => {
  const { client, push, update, hidden } = fleet(clock, 20)
  for (const runId of ids(20)) hidden.add(runId)
  const watcher = createRunWatcher(client, { push, maxRequestsPerSecond: 1 })
  const waits = watcher.waitAll(ids(20))
  await clock.tickAsync(60_000)
  for (const runId of ids(20)) update(runId, 'completed')
  await clock.tickAsync(3_500)
  watcher.close()
  assert.ok(completed(await waits) < 5)
})

test('news keeps to the limit of requests, and is asked about together', async ({ clock }) => {
  const { client, push, update, asked } = fleet(clock, 300)
  const watcher = createRunWatcher(client, { push, maxRequestsPerSecond: 5 })
  const waits = watcher.waitAll(ids(300))
  await clock.tickAsync(20_000)
  const before = asked.length
  for (const runId of ids(300)) {
    update(runId, 'completed')
    await clock.tickAsync(10)
  }
  await clock.tickAsync(2000)
  assert.is(completed(await waits), 300)
  const times = asked.slice(before).map(({ at }) => at)
  assert.ok(times.length <= 25, `${times.length} requests`)
  for (const [index, at] of times.slice(1).entries()) assert.ok(at - times[index]! >= 199, `${times}`)
})

test('while the connection is healthy the list is read rarely, else every round', async ({ clock }) => {
  const { client, push, runs, asked } = fleet(clock, 50)
  const watcher = createRunWatcher(client, { push })
  const waits = watcher.waitAll(ids(50))
  await clock.tickAsync(100_000)
  const times = asked.map(({ at }) => Math.round(at / 1000))
  // 2, 4, 8, 16 and 30 s apart, as a single wait's.
  assert.equal(times, [0, 2, 6, 14, 30, 60, 90])
  push.connected = false
  await clock.tickAsync(10_000)
  assert.ok(Math.abs(asked.length - times.length - 10) <= 1, `${asked.length - times.length} rounds`)
  for (const runId of ids(50)) runs.set(runId, 'completed')
  await clock.tickAsync(1000)
  assert.is(completed(await waits), 50)
})

test('a socket that is silent costs time, one that lies not even that', async ({ clock }) => {
  const { client, push, update, runs } = fleet(clock, 3)
  const watcher = createRunWatcher(client, { push })
  const [silent, lied, late] = ids(3).map((runId) => watcher.wait(runId, { timeoutMs: 600_000 }))
  await clock.tickAsync(40_000)
  runs.set('r0', 'completed')
  await clock.tickAsync(30_000)
  assert.is((await silent!).status, 'completed')
  // Told before the server itself knows: from then on it is asked for in every round.
  update('r1', 'completed')
  runs.set('r1', 'running')
  await clock.tickAsync(3000)
  // An older message, which came late.
  update('r1', 'running')
  await clock.tickAsync(2000)
  runs.set('r1', 'completed')
  await clock.tickAsync(1000)
  assert.is((await lied!).status, 'completed')
  // A state is told twice, and its end only in between.
  update('r2', 'running')
  await clock.tickAsync(100)
  update('r2', 'completed')
  await clock.tickAsync(100)
  assert.is((await late!).status, 'completed')
})

test('many that no list holds are all asked for, although their end will be told', async ({ clock }) => {
  const { client, push, runs, hidden } = fleet(clock, 200)
  for (const runId of ids(200)) hidden.add(runId)
  const waits = createRunWatcher(client, { push }).waitAll(ids(200))
  await clock.tickAsync(100_000)
  // The socket says nothing of it.
  for (const runId of ids(200)) runs.set(runId, 'completed')
  await clock.tickAsync(45_000)
  assert.is(completed(await waits), 200)
})

test('news that comes while its run is asked for is asked about again', async ({ clock }) => {
  const server = fleet(clock, 3)
  const { client, push, update, asked } = server
  const watcher = createRunWatcher(client, { push })
  const waits = watcher.waitAll(ids(3))
  await clock.tickAsync(10_000)
  const before = asked.length
  // The server looks, the run ends, and only then the answer comes.
  server.reply = async (what) => {
    if (what !== 'run r0') return undefined
    server.reply = undefined
    await new Promise((resolve) => setTimeout(resolve, 300))
    return ok({ _id: 'r0', status: 'warming_up' })
  }
  update('r0', 'warming_up')
  await clock.tickAsync(100)
  update('r0', 'completed')
  await clock.tickAsync(400)
  assert.equal(pluck(asked.slice(before), 'what'), ['run r0', 'run r0'])
  watcher.close()
  assert.is(completed(await waits), 1)
})

test('news without an end does not hold up what else is asked', async ({ clock }) => {
  const server = fleet(clock, 300)
  const { client, push, update } = server
  server.reply = async (what) => (what === 'run output' ? ok({ download_url: 'x' }) : undefined)
  const watcher = createRunWatcher(client, { push })
  const waits = watcher.waitAll(ids(300))
  await clock.tickAsync(10_000)
  let toldAt = 0
  const start = clock.now
  for (const runId of ids(300)) {
    update(runId, 'completed')
    if (runId === 'r20') {
      getOutput(watcher.client, 'a').then(() => {
        toldAt = clock.now
      })
    }
    await clock.tickAsync(30)
  }
  await clock.tickAsync(1000)
  assert.is(completed(await waits), 300)
  assert.ok(toldAt - start < 1000, `after ${toldAt - start} ms`)
})
