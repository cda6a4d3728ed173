// The subcommands `queue check`, which looks for damage in the folder of a queue, and `queue cancel`, for a restored one.
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { clean } from '../clean.ts'
import { cancelRun } from '../comfyui/dispatch/cancelRun.ts'
import type { ComfyQueue } from '../comfyui/dispatch/job.ts'
import { createState } from '../comfyui/dispatch/state.ts'
import { findDamage } from '../node/checkLog.ts'
import { MARK } from '../node/levelMarks.ts'
import { LEVEL, RECORD, readText } from '../node/levelStore.ts'
import { ofQueue } from '../queue/runQueue.ts'
import type { GatewayFlags } from './flags.ts'
import { openQueue } from './openQueue.ts'

/** The gateway may keep records for longer than usual. */
const MOST_DAYS = 36_500
const MOST_AT_ONCE = 200

export function addQueue(program: Command): void {
  const queue = program.command('queue').description('look after the folder of a queue')
  queue
    .command('check <dir>')
    .description('print what is whole in the queue of --data; stop the gateway first')
    .action(check)
  queue
    .command('cancel <dir>')
    .description(
      'cancel the runs that wait in the queue of --data, such as a restored copy; stop the gateway first',
    )
    .option('--redis <url>', 'the queue is in Redis or Valkey')
    .option('--files <url>', 'its files are in S3')
    .action(cancel)
}

/** Ends the runs that no server was sent. A gateway that starts after that sends none of them. */
async function cancel(folder: string, flags: GatewayFlags): Promise<void> {
  if (flags.redis === undefined && !existsSync(join(folder, 'queue', LEVEL)))
    throw new Error(`${folder} has no queue`)
  const log = (message: string): void => void process.stderr.write(`${clean(message)}\n`)
  const queue = ofQueue(await openQueue({ ...flags, keepDays: MOST_DAYS }, folder)) as unknown as ComfyQueue
  const state = createState({ queue, lostAfterMs: 0, maxQueueMs: 0, log: (_level, message) => log(message) })
  const cancelAll = async (ids: readonly string[]): Promise<number> => {
    for (const id of ids) await cancelRun(state, id)
    return ids.length
  }
  try {
    await queue.open(log)
    const held = await queue.held()
    let count = await cancelAll(held.flatMap(({ job, sentAt }) => (sentAt === undefined ? job.id : [])))
    for (let more = 1; more > 0; count += more)
      more = await cancelAll((await queue.line(MOST_AT_ONCE)).first.map(([, id]) => id))
    const sent = (await queue.held()).length
    process.stdout.write(`Cancelled: ${count}. Sent before, and not touched: ${sent}\n`)
  } finally {
    await queue.close()
  }
}

async function check(folder: string): Promise<void> {
  const root = [join(folder, LEVEL), join(folder, 'queue', LEVEL)].find((path) => existsSync(path))
  if (root === undefined) throw new Error(`${folder} has no queue`)
  let hasDamage = false
  const report = (damage: string): void => {
    hasDamage = true
    process.stderr.write(`${clean(damage)}\n`)
  }
  for await (const damage of findDamage(root)) report(damage)
  // LevelDB writes when it opens.
  const copy = await mkdtemp(join(tmpdir(), 'flowscale-queue-'))
  try {
    await cp(root, copy, { recursive: true })
    const [records, marks] = await count(copy, report)
    process.stdout.write(`${records} records and ${marks} marks are whole\n`)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
  if (hasDamage) throw new Error(`${root} is damaged, as listed above`)
}

/** Counts the records and marks that can be read. */
async function count(root: string, report: (damage: string) => void): Promise<[number, number]> {
  const { ClassicLevel } = await import('classic-level')
  const level = new ClassicLevel(root)
  let [records, marks] = [0, 0]
  try {
    await level.open({ createIfMissing: false })
    for await (const [key, value] of level.iterator()) {
      if (key.startsWith(MARK)) marks++
      if (!key.startsWith(RECORD)) continue
      try {
        if (readText(key.slice(RECORD.length), value).text !== undefined) records++
      } catch (error) {
        report((error as Error).message)
      }
    }
  } catch (error) {
    const { cause, message } = error as { cause?: Error; message: string }
    report(cause?.message ?? message)
  } finally {
    await level.close()
  }
  return [records, marks]
}
