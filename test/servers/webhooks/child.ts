// The queue of a gateway and its webhooks, without servers: adds and ends runs, waits until all are heard, and prints the runs.
import { folderFiles } from '../../../packages/gateway/src/files/folderFiles.ts'
import { folderQueue } from '../../../packages/gateway/src/node/folderQueue.ts'
import { ofQueue } from '../../../packages/gateway/src/queue/runQueue.ts'
import { redisQueue } from '../../../packages/gateway/src/redis/redisQueue.ts'
import { createWebhooks } from '../../../packages/gateway/src/webhooks/createWebhooks.ts'
import { makeSecret } from '../../../packages/gateway/src/webhooks/sign.ts'
import { endOf, makeJob } from '../../unit/gateway/queue/suite.ts'

const [folder = '', redis = '', prefix = '', address = '', count = '0'] = process.argv.slice(2)
const queue = ofQueue(
  redis ? redisQueue({ url: redis, prefix, files: folderFiles(folder) }) : folderQueue({ folder }),
)
await queue.open(() => {})
const webhooks = createWebhooks({
  ...{ queue, sender: queue.sender!, url: undefined, hosts: [new URL(address).host], log: () => {} },
  opened: async () => {},
  secretsOf: async () => [makeSecret()],
  eventOf: async (id) => JSON.stringify({ data: { _id: id } }),
})
webhooks.open()
async function play(): Promise<void> {
  const job = makeJob()
  await queue.add(job, {}, {}, {}, undefined, address)
  await queue.end(endOf(job))
}
// A Redis under load may answer late: a run without an end has no webhook.
await Promise.allSettled(Array.from({ length: Number(count) }, play))

/** Asks again while Redis answers late. */
async function sure<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const found = await ask().catch(() => undefined)
    if (found !== undefined) return found
  }
}
const most = Number.MAX_SAFE_INTEGER
while ((await sure(() => queue.deliveries.due(most, 1))).deliveries.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 50))
const page = { groupId: null, sortBy: 'created_at', sortOrder: 'asc', offset: 0, limit: 1_000 } as const
const { runs } = await sure(() => queue.list(page))
console.log(JSON.stringify(runs.flatMap((one) => ('run' in one ? [{ id: one.run.id, ...one.webhook }] : []))))
await webhooks.close()
await queue.close()
