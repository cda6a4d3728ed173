import { folderFiles } from '../node/folderFiles.ts'
import { folderQueue } from '../node/folderQueue.ts'
import type { FileStore, RunQueue } from '../queue/runQueue.ts'
import type { GatewayFlags } from './flags.ts'
import { fromFlags, UsageError } from './serverCommand.ts'

/** The queue of a gateway, in a folder or in Redis. */
export async function openQueue(flags: GatewayFlags, folder: string): Promise<RunQueue> {
  const { redis: url, keepDays } = flags
  const files = await openFiles(flags)
  if (url === undefined) return folderQueue(folder, { files, keepDays })
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
  const { s3Files } = await installed('--files', 'aws4fetch', import('../queue/s3Files.ts'))
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
async function installed<T>(flag: string, name: string, part: Promise<T>): Promise<T> {
  return await part.catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`${flag} needs the package ${name}: install it beside @flowscale/gateway`)
  })
}
