import type { RunProgress } from '@flowscale/client/poller'
import type { Progress } from '../progress.ts'
import type { Call } from '../types.ts'

/** Makes an `onProgress` that shows a person a line, and a program an event. */
export function showState(runId: () => string | undefined, progress: Progress, { output }: Call) {
  return (state: RunProgress): void => {
    output.event('progress', { runId: runId(), ...state })
    progress.show(describeState(state))
  }
}

function describeState({ status, progress, position }: RunProgress): string {
  const word = status.replace(/[^\p{L}\p{N}]/gu, ' ')
  if (position !== undefined) return `${word}, place ${position} in the queue`
  return progress ? `${word}, ${Math.floor(progress * 100)} %` : word
}
