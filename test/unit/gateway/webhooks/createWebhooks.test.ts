// The sender of webhooks over a queue in memory, with its own clock. Imports it: time passes, and receivers hang.

import { verifyWebhook } from '@flowscale/client/webhook'
import { assert } from '#test'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import { CLAIM_MS, type Sender } from '../../../../packages/gateway/src/queue/deliveries.ts'
import type { EndedRun } from '../../../../packages/gateway/src/records/recordStore.ts'
import { createWebhooks } from '../../../../packages/gateway/src/webhooks/createWebhooks.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { until } from '../../../support/until.ts'
import { makeMemory, memoryStore } from '../queue/memoryStore.ts'
import { NO_FILES } from '../queue/simulate.ts'
import { endOf, makeJob } from '../queue/suite.ts'

const test = suiteWithClock('the sender of webhooks')
const SECRET = `whsec_${'a'.repeat(43)}=`
const OTHER_SECRET = `whsec_${'b'.repeat(43)}=`
const URL_OF_CALLER = 'https://example.com/hook?token=t'
type Answer = Awaited<ReturnType<Sender['post']>>

interface Options {
  memory?: ReturnType<typeof makeMemory>
  /** Default: each is taken */
  answer?(address: string): Answer | Promise<Answer>
  url?: string
  hasPeers?: boolean
}

async function open({
  memory = makeMemory(),
  answer = () => ({ status: 200 }),
  url,
  hasPeers,
}: Options = {}) {
  const peers = hasPeers ? () => ({}) as never : undefined
  const queue = createQueue({ store: memoryStore(memory), files: NO_FILES, keepDays: 30, peers })
  await queue.open(() => {})
  const posts: Parameters<Sender['post']>[0][] = []
  const lines: string[] = []
  /** By result that was written down, the time of the next attempt, and how long it was away. */
  const written: { next: number; pause: number }[] = []
  const { settle } = queue.deliveries
  queue.deliveries.settle = async (...result) => {
    const isMine = await settle(...result)
    const { next = 0 } = result[1]
    written.push({ next, pause: next - Date.now() })
    return isMine
  }
  const webhooks = createWebhooks({
    ...{ queue, url, hosts: ['a.test'] },
    sender: {
      check: (address) => new URL(address),
      async post(attempt) {
        posts.push(attempt)
        return await answer(attempt.address)
      },
    },
    opened: async () => {},
    secretsOf: async (delivery) => [delivery.url === undefined ? OTHER_SECRET : SECRET],
    eventOf: async (id) => JSON.stringify({ type: 'run.completed', data: { _id: id } }),
    log: (line) => lines.push(line),
  })
  async function finish(webhook: string | undefined = URL_OF_CALLER): Promise<string> {
    const job = makeJob()
    await queue.add(job, {}, {}, {}, undefined, webhook)
    await queue.end(endOf(job))
    return job.id
  }
  return {
    ...{ queue, posts, lines, written, webhooks, finish, memory },
    stateOf: async (id: string) => ((await queue.get(id)) as EndedRun).webhook,
    async close() {
      await webhooks.close()
      await queue.close()
    },
  }
}

test('each end is sent at once, signed, to its caller and to the operator, once', async () => {
  const site = await open({ url: 'https://operator.test/all' })
  site.webhooks.open()
  const id = await site.finish()
  await until(() => site.written.length === 2)
  assert.equal(
    site.posts.map(({ address, headers, hosts }) => [address, headers['webhook-id'], hosts]),
    [
      [URL_OF_CALLER, `msg_${id}`, ['a.test']],
      ['https://operator.test/all', `msg_${id}_operator`, ['a.test']],
    ],
  )
  for (const [at, secret] of [SECRET, OTHER_SECRET].entries())
    assert.is((await verifyWebhook(site.posts[at]!, secret)).data._id, id)
  assert.equal(await site.stateOf(id), { status: 'delivered', attempts: 1, lastStatus: 200 })
  assert.equal(site.lines, [])
  await site.close()
})

test('one that is not taken comes again by the schedule with the same id, then is given up', async ({
  clock,
}) => {
  Math.random = () => 0.1
  const answers: Answer[] = [{ error: 'No answer' }, { status: 302 }, { status: 503, retryAfterMs: 600_000 }]
  const site = await open({ answer: () => answers.shift() ?? { status: 500 } })
  site.webhooks.open()
  const id = await site.finish()
  const attempts = (count: number) => until(() => site.written.length === count)
  for (let count = 1; count < 9; count++) {
    await attempts(count)
    await clock.tickAsync(site.written.at(-1)!.next - 1 - Date.now())
    assert.is(site.posts.length, count)
    // A look comes a second after another one at the earliest.
    await clock.tickAsync(1_001)
  }
  await attempts(9)
  const pauses = [5, 60, 600, 1800, 7200, 21_600, 43_200, 86_400]
  assert.equal(
    site.written.slice(0, 8).map(({ pause }) => pause),
    pauses.map((pause) => 1_020 * pause),
  )
  assert.equal(new Set(site.posts.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(await site.stateOf(id), { status: 'failed', attempts: 9, lastStatus: 500 })
  // The address may hold a token.
  assert.equal(site.lines, [
    `The webhook of run ${id} to example.com was not taken (No answer): it is sent again`,
    `The webhook of run ${id} to example.com was not taken (status 500): it is not sent again`,
  ])
  assert.is(await site.webhooks.resend(id), true)
  await attempts(10)
  assert.is(site.posts.at(-1)!.headers['webhook-id'], `msg_${id}`)
  await site.close()
})

test('a gateway sends nothing before it listens, and later what another one left', async ({
  clock,
  settle,
}) => {
  const first = await open()
  const ids = [await first.finish(), await first.finish(), await first.finish()]
  await settle()
  assert.is(first.posts.length, 0)
  // It is killed between its request and its record.
  const [claimed] = (await first.queue.deliveries.due(Date.now(), 10)).deliveries
  await first.queue.deliveries.claim(claimed!, Date.now())
  const second = await open({ memory: first.memory })
  second.webhooks.open()
  await until(() => second.written.length === 2)
  const sent = () => second.posts.map(({ headers }) => headers['webhook-id']!.slice(4)).sort()
  assert.equal(sent(), ids.filter((id) => id !== claimed!.id).sort())
  await clock.tickAsync(CLAIM_MS - 1)
  assert.is(second.posts.length, 2)
  await clock.tickAsync(1_001)
  await until(() => second.written.length === 3)
  assert.equal(sent(), [...ids].sort())
  // Only where there are other gateways, somebody has to look for their ends.
  const late = await first.finish()
  await clock.tickAsync(10_000)
  assert.is(second.posts.length, 3)
  await second.close()
  const third = await open({ memory: first.memory, hasPeers: true })
  third.webhooks.open()
  await until(() => third.written.length === 1)
  const later = await first.finish()
  await clock.tickAsync(5_000)
  await until(() => third.written.length === 2)
  assert.equal(
    new Set(third.posts.map(({ headers }) => headers['webhook-id'])),
    new Set([`msg_${late}`, `msg_${later}`]),
  )
  await third.close()
  await first.close()
})

test('a resend while the request of before is on its way is sent, too', async ({ clock }) => {
  const release: ((answer: Answer) => void)[] = []
  const site = await open({ answer: () => new Promise((resolve) => release.push(resolve)) })
  site.webhooks.open()
  const id = await site.finish()
  await until(() => release.length === 1)
  assert.is(await site.webhooks.resend(id), true)
  release[0]!({ status: 410 })
  await until(() => site.written.length === 1)
  await clock.tickAsync(1_000)
  await until(() => release.length === 2)
  release[1]!({ status: 204 })
  await until(() => site.written.length === 2)
  assert.equal(await site.stateOf(id), { status: 'delivered', attempts: 1, lastStatus: 204 })
  await site.close()
})

test('ten addresses that hang hold up none of the others', async ({ clock }) => {
  const hangs = new Set<() => void>()
  const site = await open({
    answer: (address) =>
      address.includes('hangs')
        ? new Promise((resolve) => hangs.add(() => resolve({ error: 'No answer' })))
        : { status: 200 },
  })
  site.webhooks.open()
  const ids: string[] = []
  for (let at = 0; at < 300; at++) {
    for (let hanging = 0; hanging < 10; hanging++) await site.finish(`https://hangs-${hanging}.test/`)
    ids.push(await site.finish(`https://fine-${at % 40}.test/`))
  }
  await until(() => site.posts.length === 20 + ids.length)
  const heard = site.posts.flatMap(({ address, headers }) =>
    address.includes('fine') ? headers['webhook-id'] : [],
  )
  assert.equal(heard.sort(), ids.map((id) => `msg_${id}`).sort())
  assert.is(hangs.size, 20)
  const closed = site.webhooks.close()
  for (const hang of hangs) hang()
  await clock.tickAsync(0)
  await closed
  await site.queue.close()
})

test('a close waits for requests on their way, and begins no other', async ({ clock, settle }) => {
  const release: (() => void)[] = []
  const site = await open({
    answer: () => new Promise((resolve) => release.push(() => resolve({ status: 200 }))),
  })
  site.webhooks.open()
  const ids = [await site.finish(), await site.finish(), await site.finish()]
  await until(() => release.length === 2)
  let isClosed = false
  const closed = site.webhooks.close().then(() => (isClosed = true))
  await settle()
  assert.equal([release.length, isClosed], [2, false])
  site.webhooks.open()
  for (const one of release) one()
  await clock.tickAsync(0)
  await closed
  assert.equal((await Promise.all(ids.map(site.stateOf))).map((state) => state!.status).sort(), [
    'delivered',
    'delivered',
    'pending',
  ])
  await site.queue.close()
})
