import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { userFolder } from '../node/dataFolder.ts'
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

/**
 * Refuses a folder with a queue whose runs a gateway with these flags would not show: callers would get a 404, and a batch that
 * goes on would pay again.
 */
export function checkFolder({ redis }: GatewayFlags, hasQueue: boolean, folder: string): void {
  const names = listOf(folder)
  const isOfRedis = !names.includes('queue.jsonl') && (names.includes('in') || names.includes('out'))
  const inRedis = redis === undefined && isOfRedis && '--redis with the address of before'
  const inFolder = hasRuns(folder) && (redis ? '--workers without --redis' : !hasQueue && '--workers')
  const flags = inRedis || inFolder
  if (flags)
    throw new UsageError(
      `${folder} has runs, which a gateway with these flags does not show. Give ${flags}, or another --data.`,
    )
}

/** What to say of runs that a gateway shows only with other flags. It may be another gateway's. */
export function notesOn(hasQueue: boolean, data: string | undefined): string[] {
  const mine = join(userFolder(), 'queue')
  if (!hasQueue && data === undefined && hasRuns(mine))
    return [`Note: ${mine} has runs. A gateway with --workers or several --comfyui shows them.`]
  if (!hasQueue || data === undefined || listOf(join(data, 'runs')).length === 0) return []
  return [
    `Note: ${join(data, 'runs')} has runs. A gateway with one --comfyui, without --workers, shows them.`,
  ]
}

const listOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** Whether a queue in a folder has runs that wait or have ended. */
const hasRuns = (folder: string): boolean =>
  listOf(folder).some(
    (name) =>
      name.startsWith('ended-') ||
      (name === 'queue.jsonl' && /^\["add"/m.test(readFileSync(join(folder, name), 'utf8'))),
  )
