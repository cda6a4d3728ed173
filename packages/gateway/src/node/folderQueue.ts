// The queue of one gateway, for users.
import { resolve } from 'node:path'
import type { FileStore } from '../files/fileStore.ts'
import { folderFiles } from '../files/folderFiles.ts'
import { checkOptions, fields, must, optional, type Rules } from '../options.ts'
import { createQueue } from '../queue/createQueue.ts'
import { type Queue, toQueue } from '../queue/runQueue.ts'
import { KEEP_DAYS } from '../records/recordStore.ts'
import * as rules from '../rules.ts'
import { sender } from '../webhooks/post.ts'
import { levelStore } from './levelStore.ts'
import { takeOver } from './takeOver.ts'

/** Options of {@link folderQueue}. */
export interface FolderQueueOptions {
  /** The path of a folder on a local disk. It is made if it is missing */
  folder: string
  /** Where the files of runs are, such as `s3Files({ url, … })`. No other queue may have its files there. Default: in the folder */
  files?: FileStore | undefined
  /** Records and outputs are removed so many days after the end of their run. Default: 30 */
  keepDays?: number | undefined
}

const OPTIONS: Rules<FolderQueueOptions> = {
  folder: must('the path of a folder', (value) => typeof value === 'string' && value !== ''),
  files: optional(fields(['place', 'put', 'open'], 'function')),
  keepDays: optional(rules.wholeNumber(1, 36_500)),
}

/**
 * The queue of one gateway, in a folder: the runs that wait, the records of runs, and their files. One process at a time can
 * use a folder. What a version before 0.2 left there is taken over.
 *
 * @throws `TypeError` for an unknown or wrong option.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ urls: ['http://127.0.0.1:8188', 'http://127.0.0.1:8189'] }),
 *   queue: folderQueue({ folder: 'flowscale-data' }),
 *   workflows: watchWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 * })
 * ```
 */
export function folderQueue(options: FolderQueueOptions): Queue {
  return folderQueueOf(options)
}

/** `single`: a folder with the records of one ComfyUI, which are taken over, too */
export function folderQueueOf(options: FolderQueueOptions, single?: string): Queue {
  checkOptions('folderQueue', options, OPTIONS)
  const folder = resolve(options.folder)
  const { files = folderFiles(folder), keepDays = KEEP_DAYS } = options
  const store = levelStore(folder)
  const open: typeof store.open = async (warn) => {
    await store.open(warn)
    await takeOver(store, folder, single).catch(async (error) => {
      await store.close()
      throw error
    })
  }
  return toQueue(createQueue({ store: { ...store, open }, files, keepDays, sender }))
}
