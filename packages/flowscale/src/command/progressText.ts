import type { RunProgress } from '@flowscale/client'
import { isEnd } from './isEnd.ts'

/** As `running 42 %, KSampler` or `queued, 3 before it`. A place counts from 0 here: 0 is the next to be run. */
export function progressText({
  status,
  progress,
  position,
  node,
}: Omit<RunProgress, 'node'> & { node?: unknown }): string {
  const word = status === 'in_progress' ? 'running' : status === 'pending' ? 'queued' : status
  if (position !== undefined) return position > 0 ? `${word}, ${position} before it` : `${word}, next`
  if (isEnd(word)) return word
  return (
    (progress === undefined ? word : `${word} ${Math.floor(progress * 100)} %`) +
    (node && typeof node === 'string' ? `, ${node}` : '')
  )
}
