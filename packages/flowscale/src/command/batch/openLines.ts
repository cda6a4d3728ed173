import { open, readFile, stat, truncate } from 'node:fs/promises'
import { basename } from 'node:path'
import { CommandError } from '../errors.ts'
import { writeWhole } from '../files.ts'

/** A file of JSON values, one a line, to which lines are added. */
export interface Lines {
  /** The values of the file when it was opened. */
  readonly values: readonly unknown[]
  /** Adds a line; it is on the disk when the promise is fulfilled. */
  append(value: object): Promise<void>
  /** Replaces all lines. */
  replace(values: readonly object[]): Promise<void>
  close(): Promise<void>
}

/** Opens or makes a file of lines. A last line that a killed process left unfinished is removed. */
export async function openLines(path: string): Promise<Lines> {
  const values = await readLines(path)
  let file = await open(path, 'a')
  let failure: unknown
  let queue: Promise<unknown> = Promise.resolve()
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const done = queue.then(step)
    queue = done.catch(() => {})
    return done
  }
  return {
    values,
    append: (value) =>
      inTurn(async () => {
        // After a failure the file may end in half a line, which would spoil the next one.
        if (failure) throw failure
        try {
          // Lines for a file that was removed or replaced would be lost.
          const [own, atPath] = [await file.stat(), await stat(path)]
          if (own.ino !== atPath.ino) throw new Error('another file is in its place')
          await file.appendFile(`${JSON.stringify(value)}\n`)
          await file.sync()
        } catch (error) {
          failure = error
          throw error
        }
      }),
    replace: (all) =>
      inTurn(async () => {
        await file.close()
        await writeWhole(path, all.map((value) => `${JSON.stringify(value)}\n`).join(''))
        file = await open(path, 'a')
      }),
    close: () => inTurn(() => file.close()),
  }
}

async function readLines(path: string): Promise<unknown[]> {
  const data = await readFile(path).catch((error) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const bytes = data.lastIndexOf('\n') + 1
  if (bytes < data.length) await truncate(path, bytes)
  return data
    .subarray(0, bytes)
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      try {
        const value: unknown = JSON.parse(line)
        if (typeof value === 'object' && value) return value
      } catch {}
      const message = `Line ${index + 1} of ${path} is damaged: remove that line`
      const loss = basename(path) === 'runs.jsonl' ? ', and its run is found by its group' : ''
      throw new CommandError('failed', `${message}${loss}.`)
    })
}
