import type { FileStore } from '../queue/runQueue.ts'
import type { GatewayFlags } from './flags.ts'
import { UsageError } from './serverCommand.ts'

/** The files of `--files`, with the keys in the variables that every tool for S3 reads. */
export async function openFiles({ files: url, redirectLinks }: GatewayFlags): Promise<FileStore | undefined> {
  if (url === undefined) return undefined
  const { env } = process
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey)
    throw new UsageError('--files needs the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.')
  const { s3Files } = await import('../s3.ts').catch((cause) => {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new Error('--files needs the package aws4fetch: install it beside @flowscale/gateway')
  })
  try {
    return s3Files({
      url,
      endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined,
      region: env.AWS_REGION || undefined,
      accessKeyId,
      secretAccessKey,
      sessionToken: env.AWS_SESSION_TOKEN || undefined,
      redirectLinks,
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
