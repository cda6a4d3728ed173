import type { RunProgress } from '@flowscale/client/poller'
import { progressText } from '../progressText.ts'
import type { Progress } from '../terminal/progress.ts'
import type { Call } from '../types.ts'

/** Makes an `onProgress` that shows a person a line, and a program an event. */
export function showState(runId: () => string | undefined, progress: Progress, { output }: Call) {
  return (state: RunProgress): void => {
    output.event('progress', { runId: runId(), ...state })
    progress.show(progressText(state))
  }
}
