// The files of the workflows, as they are now.
import type { EngineContext, WorkflowFile } from '../../engine.ts'

export type Files = () => Promise<readonly WorkflowFile[]>

const LOOK_EVERY_MS = 1_000

/** Asks for the files again after a while, and logs changes. While they can't be read, the last ones count. */
export function createFiles({ workflows, log }: Pick<EngineContext, 'workflows' | 'log'>): Files {
  if (typeof workflows !== 'function') return async () => workflows
  let latest: readonly WorkflowFile[] | undefined
  let askedAt = 0
  let failure = ''

  return async () => {
    if (latest && performance.now() - askedAt < LOOK_EVERY_MS) return latest
    askedAt = performance.now()
    try {
      const files = await workflows()
      if (latest) logChanges(latest, files, log)
      latest = files
      failure = ''
    } catch (error) {
      if (!latest) throw error
      const message = `The workflows can't be read, and stay as they are: ${(error as Error).message}`
      if (message !== failure) log('error', message)
      failure = message
    }
    return latest
  }
}

function logChanges(
  before: readonly WorkflowFile[],
  after: readonly WorkflowFile[],
  log: EngineContext['log'],
): void {
  const old = new Map(before.map((file) => [file.name, file]))
  for (const file of after) {
    const known = old.get(file.name)
    old.delete(file.name)
    if (known !== file) log('info', `${fileNameOf(file)} ${known ? 'has changed' : 'was added'}`)
  }
  for (const file of old.values()) log('info', `${fileNameOf(file)} was removed`)
}

/** The name of a file in messages. */
export const fileNameOf = ({ name, file = `${name}.json` }: WorkflowFile): string => file
