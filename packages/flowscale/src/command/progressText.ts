import type { RunProgress } from '@flowscale/client'
import { isEnd } from './isEnd.ts'

/** As `running 42 %` or `queued, 3 before it`. A place counts from 0 here: 0 is the next to be run. */
export function progressText({ status, progress, position }: RunProgress): string {
  const word = status === 'in_progress' ? 'running' : status === 'pending' ? 'queued' : status
  if (position !== undefined) return position > 0 ? `${word}, ${position} before it` : `${word}, next`
  return progress === undefined || isEnd(word) ? word : `${word} ${Math.floor(progress * 100)} %`
}
