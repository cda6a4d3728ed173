import { resolve } from 'node:path'
import { isFlowScaleError, type NamedBlob, toFile } from '@flowscale/client'
import { fileInput } from '@flowscale/client/node'
import { whyNot } from '../files.ts'
import { sniffType } from './sniffType.ts'
import type { Sources } from './types.ts'

type Wrong = { wrong: string }

/** A file of the disk, which is sent as a stream. */
export async function readFileItem(path: string, folder: string): Promise<NamedBlob | Wrong> {
  if (!path) return { wrong: 'the name of the file is missing after @' }
  if (path === '-') return { wrong: 'write - for stdin, not @-' }
  const full = resolve(folder, path)
  try {
    return (await fileInput(full)) as unknown as NamedBlob
  } catch (error) {
    if (!isFlowScaleError(error)) return { wrong: `@${path}: ${whyNot(error)}` }
    // The path as you wrote it, not as it was resolved.
    return { wrong: error.message.replace(/^path: /, '').replace(full, `@${path}`) }
  }
}

/** Stdin as a file; its name comes from the input's and from what it holds. */
export async function readStdinItem(name: string, { stdin }: Sources): Promise<NamedBlob | Wrong> {
  if (!stdin) return { wrong: '- stands for stdin, which is not read here' }
  const bytes = await stdin(name)
  if (!bytes.length) return { wrong: 'stdin was empty' }
  const type = sniffType(bytes)
  const extension = type.replace(/.*\//, '').replace('jpeg', 'jpg').replace('quicktime', 'mov')
  const own = type === 'audio/mpeg' ? 'mp3' : extension || 'bin'
  return toFile(bytes, `stdin.${own}`, { type })
}
