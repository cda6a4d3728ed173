// The queue of several gateways, for users.
import type { Cluster, Redis, RedisOptions } from 'ioredis'
import type { FileStore } from '../files/fileStore.ts'
import { checkOptions, fields, must, optional, type Rules } from '../options.ts'
import { createQueue } from '../queue/createQueue.ts'
import { createPeers } from '../queue/peers.ts'
import { type Queue, toQueue } from '../queue/runQueue.ts'
import { KEEP_DAYS } from '../records/recordStore.ts'
import * as rules from '../rules.ts'
import { sender } from '../webhooks/post.ts'
import { redisStore } from './redisStore.ts'

/** Options of {@link redisQueue}. */
export interface RedisQueueOptions {
  /** Where Redis or Valkey is, such as `redis://:password@10.0.0.5:6379/0`, or `rediss://…` for TLS. Default: what `redis` gives */
  url?: string | undefined
  /**
   * Instead of `url`, for Sentinel, a Cluster or a certificate: makes a connection of ioredis with these settings and your
   * own, such as `(settings) => new Redis({ ...settings, sentinels, name: 'main' })`. It is called twice
   */
  redis?: ((settings: RedisOptions) => Redis | Cluster) | undefined
  /** Where the files of runs are, the same for all gateways: `s3Files({ … })`, or `folderFiles(folder)` on one machine */
  files: FileStore
  /** What all keys in Redis begin with, in braces. Default: `flowscale` */
  prefix?: string | undefined
  /** Records and files are removed so many days after the end of their run. Default: 30 */
  keepDays?: number | undefined
}

const OPTIONS: Rules<RedisQueueOptions> = {
  url: optional(
    must('an address such as "redis://127.0.0.1:6379"', (value) => {
      // A password with % is encoded: ioredis decodes it.
      const isText = typeof value === 'string' && /^rediss?:\/\//.test(value) && URL.canParse(value)
      return isText && !/%(?![\da-f]{2})/i.test(value)
    }),
  ),
  redis: optional(rules.callback),
  files: fields(['place', 'put', 'open'], 'function'),
  prefix: optional(rules.filledText),
  keepDays: optional(rules.wholeNumber(1, 36_500)),
}

/**
 * The queue of several gateways: the runs that wait and the records of runs lie in Redis or Valkey. Needs the package
 * `ioredis`.
 *
 * @throws `TypeError` for an unknown or wrong option.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ workers: true }),
 *   queue: redisQueue({ url: 'redis://127.0.0.1:6379', files: folderFiles('flowscale-files') }),
 *   workflows: watchWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 *   workerKey: 'another-key',
 * })
 * ```
 */
export function redisQueue(options: RedisQueueOptions): Queue {
  checkOptions('redisQueue', options, OPTIONS)
  const { url, redis, files, prefix = 'flowscale', keepDays = KEEP_DAYS } = options
  if ((url === undefined) === (redis === undefined))
    throw new TypeError('redisQueue: give either option "url" or option "redis"')
  const store = redisStore({ url, redis, prefix, place: files.place })
  return toQueue(createQueue({ store, files, keepDays, sender, peers: createPeers }))
}
