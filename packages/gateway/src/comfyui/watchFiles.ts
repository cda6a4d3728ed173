// Reads changed workflows before anybody asks for them, so that the log tells their author of problems.
import type { EngineContext, WorkflowFile } from '../engine.ts'
import { createComplain } from '../records/watchStore.ts'
import { hasOwnTimers } from '../runtime.ts'
import type { Files } from './workflows/createFiles.ts'

const WATCH_EVERY_MS = 2_000

export function watchFiles(
  { workflows, log }: Pick<EngineContext, 'workflows' | 'log'>,
  files: Files,
  read: () => Promise<unknown>,
): () => void {
  if (!hasOwnTimers() || typeof workflows !== 'function') return () => {}
  let seen: readonly WorkflowFile[] | undefined
  const look = async (): Promise<void> => {
    const now = await files()
    const isNew = seen !== undefined && now !== seen
    seen = now
    if (isNew) await read()
  }
  const complain = createComplain(() => log)
  const lookOrSay = (): Promise<void> => look().catch((error) => complain('The look at the workflows', error))
  const timer = setInterval(() => void lookOrSay(), WATCH_EVERY_MS)
  if (typeof timer === 'object') timer.unref()
  return () => clearInterval(timer)
}
