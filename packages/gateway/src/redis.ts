// The entry `@flowscale/gateway/redis`.
export { type RedisQueueOptions, redisQueue } from './redis/redisQueue.ts'
