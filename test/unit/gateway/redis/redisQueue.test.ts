// The options of redisQueue. What it does is in test/servers/redisQueue.servers.ts and manyGateways.servers.ts.
import { folderFiles } from '@flowscale/gateway/node'
import { type RedisQueueOptions, redisQueue } from '@flowscale/gateway/redis'
import { suite, throws } from '#test'
import { CANARY } from '../../../support/canary.ts'

const test = suite('the options of a queue in Redis')
const good: RedisQueueOptions = { url: `redis://:${CANARY}@127.0.0.1:1`, files: folderFiles('files') }

test('a wrong option is a TypeError, which shows no password', () => {
  const wrong: object[] = [
    ...['', `:${CANARY}@a`, `http://:${CANARY}@a`, `redis://:${CANARY}@a:b`, 5].map((url) => ({ url })),
    ...[undefined, 'files', {}].map((files) => ({ files })),
    { prefix: '' },
    ...[0, 1.5, '30'].map((keepDays) => ({ keepDays })),
    { password: CANARY },
  ]
  for (const more of wrong) throws(() => redisQueue({ ...good, ...more } as never), TypeError)
})
