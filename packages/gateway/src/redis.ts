export { type RedisQueueOptions, redisQueue } from './redis/redisQueue.ts'
