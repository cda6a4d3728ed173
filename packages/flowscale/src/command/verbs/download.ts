import { describeError } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { findRunIds } from '../findRunIds.ts'
import { type Downloaded, downloadOne } from '../run/downloadOne.ts'
import { errorOfMany } from '../run/errorOfMany.ts'
import { goOn } from '../run/goOn.ts'
import { outputLines } from '../run/outputLines.ts'
import { prepareFolder } from '../run/prepareFolder.ts'
import { createProgress } from '../terminal/progress.ts'
import type { Call } from '../types.ts'

/** Saves the outputs of runs, and outputs by name. One that fails takes no other along. */
export async function download(call: Call): Promise<void> {
  const { args, flags, output, signal } = call
  const folder = (flags.output as string | undefined) ?? '.'
  await prepareFolder(folder)
  const words = await findRunIds(args, call)
  const isOne = words.length === 1
  const files: Downloaded[] = []
  const errors: unknown[] = []
  const progress = createProgress()
  try {
    for (const [index, word] of words.entries()) {
      progress.show(isOne ? 'saving' : `saving ${index + 1} of ${words.length}`)
      try {
        files.push(...(await downloadOne(word, folder, isOne, call)))
      } catch (error) {
        if (signal.aborted) {
          const message = `Interrupted. To go on: ${goOn('download', words.slice(index), folder)}`
          throw new CommandError('interrupted', message, { files })
        }
        errors.push(error)
        if (!isOne) output.note(`${word}: ${describeError(error).message}`)
      }
    }
  } finally {
    progress.stop()
  }
  if (!errors.length || !output.isJson) output.result({ files }, outputLines(files))
  if (isOne && errors.length) throw errors[0]
  if (errors.length)
    throw errorOfMany(errors, `${errors.length} of ${words.length} could not be saved.`, { files })
}
