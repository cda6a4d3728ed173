// Opens the queue that the flags name.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FileStore } from '../files/fileStore.ts'
import { folderFiles } from '../files/folderFiles.ts'
import { userFolder } from '../node/dataFolder.ts'
import { folderQueueOf } from '../node/folderQueue.ts'
import { LEVEL } from '../node/levelStore.ts'
import type { Queue } from '../queue/runQueue.ts'
import type { GatewayFlags } from './flags.ts'
import { fromFlags, UsageError } from './serverCommand.ts'

/** The queue of a gateway, in the folder `data` or in Redis. */
export async function openQueue(flags: GatewayFlags, data: string): Promise<Queue> {
  const { redis: url, keepDays } = flags
  const files = await openFiles(flags)
  const folder = join(data, 'queue')
  if (url === undefined) return folderQueueOf({ folder, files, keepDays }, join(data, 'runs'))
  const { redisQueue } = await installed('--redis', 'ioredis', import('../redis/redisQueue.ts'))
  return fromFlags(() => redisQueue({ url, files: files ?? folderFiles(folder), keepDays }))
}

/** The files of `--files`, with the keys in the variables that every tool for S3 reads. */
async function openFiles({ files: url, redirectLinks }: GatewayFlags): Promise<FileStore | undefined> {
  if (url === undefined) return undefined
  const { env } = process
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey)
    throw new UsageError('--files needs the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.')
  const { s3Files } = await installed('--files', 'aws4fetch', import('../files/s3Files.ts'))
  return fromFlags(() =>
    s3Files({
      url,
      endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined,
      region: env.AWS_REGION || undefined,
      accessKeyId,
      secretAccessKey,
      sessionToken: env.AWS_SESSION_TOKEN || undefined,
      redirectLinks,
    }),
  )
}

/** A part of the gateway that needs a package of its own. */
export async function installed<T>(flag: string, name: string, part: Promise<T>): Promise<T> {
  return await part.catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`${flag} needs the package ${name}: install it beside @flowscale/gateway`)
  })
}

/** Refuses a folder with runs that these flags would not show: a batch that goes on would pay for them again. */
export function checkFolder({ redis }: GatewayFlags, folder: string): void {
  const names = listOf(folder)
  const isOfFolder = hasQueue(names)
  const isOfRedis = !isOfFolder && (names.includes('in') || names.includes('out'))
  if (redis === undefined ? !isOfRedis : !isOfFolder) return
  const way = redis === undefined ? 'Give --redis with the address of before' : 'Leave out --redis'
  throw new UsageError(
    `${folder} has runs, which a gateway with these flags does not show. ${way}, or give another --data.`,
  )
}

/** A note about runs that only a gateway with other flags shows. They may belong to another gateway. */
export function notesOn(isQueued: boolean): string[] {
  const mine = join(userFolder(), 'queue')
  if (isQueued || !hasQueue(listOf(mine))) return []
  return [`Note: ${mine} has runs. A gateway with --workers, several --comfyui or --data shows them.`]
}

const listOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

const hasQueue = (names: readonly string[]): boolean => names.includes(LEVEL) || names.includes('queue.jsonl')
