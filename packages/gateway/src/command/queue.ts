// The subcommand `queue check`, which looks for damage in the folder of a queue.
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { clean } from '../clean.ts'
import { findDamage } from '../node/checkLog.ts'
import { MARK } from '../node/levelMarks.ts'
import { LEVEL, RECORD, readText } from '../node/levelStore.ts'

/** Adds `queue check DIR` to the command of the gateway. */
export function addQueue(program: Command): void {
  program
    .command('queue')
    .description('look after the folder of a queue')
    .command('check <dir>')
    .description('print what is whole in the queue of --data; stop the gateway first')
    .action(check)
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
    const { records, marks } = await count(copy, report)
    process.stdout.write(`${records} records and ${marks} marks are whole\n`)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
  if (hasDamage) throw new Error(`${root} is damaged, as listed above`)
}

/** Counts the records and marks that can be read. */
async function count(
  root: string,
  report: (damage: string) => void,
): Promise<{ records: number; marks: number }> {
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
  return { records, marks }
}
