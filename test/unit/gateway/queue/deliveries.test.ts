// Webhooks in the queue. Imports the rules: time passes as it is said.
import { assert, suite } from '#test'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import { CLAIM_MS, type Delivery } from '../../../../packages/gateway/src/queue/deliveries.ts'
import type { EndedRun } from '../../../../packages/gateway/src/records/recordStore.ts'
import { makeMemory, memoryStore } from './memoryStore.ts'
import { NO_FILES } from './simulate.ts'
import { endOf, makeJob } from './suite.ts'

const test = suite('webhooks in the queue')
const URL_OF_CALLER = 'https://example.com/hook?token=t'

async function open(memory = makeMemory()) {
  const queue = createQueue({ store: memoryStore(memory), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const told: Delivery[] = []
  queue.deliveries.listen((deliveries) => told.push(...deliveries))
  /** Adds a run and ends it. */
  async function finish(url: string | undefined = URL_OF_CALLER, status: EndedRun['status'] = 'completed') {
    const job = makeJob()
    await queue.add(job, {}, {}, { owner: 'x' }, undefined, url)
    await queue.end(endOf(job, { status }))
    return { id: job.id, owner: 'x', url } satisfies Delivery
  }
  return { queue, told, finish, memory, deliveries: queue.deliveries }
}

test('a webhook becomes due in the step of the end, whatever the end is, and is told to this process', async () => {
  const { queue, told, deliveries, finish, memory } = await open()
  const waiting = makeJob()
  await queue.add(waiting, {}, {}, {}, undefined, URL_OF_CALLER)
  const due = async () => (await deliveries.due(Date.now(), 10)).deliveries
  assert.equal([await due(), await deliveries.resend(waiting.id, 0)], [[], false])
  const ended = [
    await finish(),
    await finish(URL_OF_CALLER, 'failed'),
    await finish(URL_OF_CALLER, 'cancelled'),
  ]
  // Nobody has such a run.
  await finish(URL_OF_CALLER, 'refused')
  const none = makeJob()
  await queue.add(none, {}, {})
  await queue.end(endOf(none))
  assert.is(await deliveries.resend(none.id, 0), false)
  const byId = (all: readonly Delivery[]) =>
    [...all].filter(({ url }) => url).sort((a, b) => (a.id < b.id ? -1 : 1))
  assert.equal([byId(await due()), byId(told)], [byId(ended), byId(ended)])
  // Also without a record of what the process knew.
  assert.equal(byId((await (await open(memory)).deliveries.due(Date.now(), 10)).deliveries), byId(ended))
})

test('the operator’s webhook stands beside the caller’s, without its address, and has states of its own', async () => {
  const { queue, told, deliveries, finish, memory } = await open()
  deliveries.addForAll()
  const own = await finish()
  const alone = makeJob()
  await queue.add(alone, {}, {})
  await queue.end(endOf(alone, { status: 'failed' }))
  const operators = { ...own, url: undefined }
  const other = { id: alone.id, owner: undefined, url: undefined }
  assert.equal(told, [own, operators, other])
  const now = Date.now()
  const [claim, claimOfOperator] = [await deliveries.claim(own, now), await deliveries.claim(operators, now)]
  await deliveries.settle(claim!, { lastStatus: 200, isDelivered: true })
  assert.equal(await queue.get(own.id).then((run) => (run as EndedRun).webhook), {
    ...{ status: 'delivered', attempts: 1, lastStatus: 200 },
  })
  assert.equal(await deliveries.due(now, 10), { deliveries: [other], next: now + CLAIM_MS })
  await deliveries.settle(claimOfOperator!, { lastStatus: 410 })
  assert.equal(await deliveries.due(now + CLAIM_MS, 10), { deliveries: [other] })
  assert.equal(await queue.get(other.id).then((run) => (run as EndedRun).webhook), {
    ...{ status: 'pending', attempts: 0, lastStatus: null },
  })
  assert.is([...memory.records.values()].filter(({ text }) => text.includes('token')).length, 1)
})

test('of two gateways one has an attempt, until its time is over', async () => {
  const first = await open()
  const second = await open(first.memory)
  const one = await first.finish()
  const now = Date.now()
  const claims = await Promise.all([first, second].map(({ deliveries }) => deliveries.claim(one, now)))
  const [claim, ...others] = claims.flatMap((claim) => claim ?? [])
  assert.equal([claim, others], [{ ...one, attempts: 1, next: now + CLAIM_MS }, []])
  assert.is(await second.deliveries.claim(one, now + CLAIM_MS - 1), undefined)
  // The first gateway was killed: nobody knows whether it sent.
  const later = now + CLAIM_MS
  const again = await second.deliveries.claim(one, later)
  assert.is(again!.attempts, 2)
  // Or it stood still. Its result is too late.
  await first.deliveries.settle(claim!, { lastStatus: 200, isDelivered: true })
  await second.deliveries.settle(again!, { lastStatus: 500, next: later + 5_000 })
  assert.equal(await second.deliveries.due(later, 10), { deliveries: [], next: later + 5_000 })
  const { webhook } = (await first.queue.get(one.id)) as EndedRun
  assert.equal(webhook, { status: 'pending', attempts: 2, lastStatus: 500 })
})

test('a resend begins anew, also while an attempt is on its way', async () => {
  const { queue, told, deliveries, finish } = await open()
  const one = await finish()
  const now = Date.now()
  const claim = await deliveries.claim(one, now)
  assert.is(await deliveries.resend(one.id, now + 1), true)
  await deliveries.settle(claim!, { lastStatus: 410 })
  assert.equal(told, [one, one])
  assert.is((await deliveries.claim(one, now + 1))!.attempts, 1)
  // Of a run that is removed, nothing is left.
  assert.is(await deliveries.resend(crypto.randomUUID(), now), false)
  await queue.close()
})

test('all that are due are found, over many pages', async () => {
  const { deliveries, finish } = await open()
  for (let at = 0; at < 1_100; at++) await finish()
  assert.is((await deliveries.due(Date.now(), 10_000)).deliveries.length, 1_100)
})
