import { readFileSync } from 'node:fs'
import type { Move } from './measureQueues.ts'

interface Line {
  readonly promptId: string
  readonly node?: string
  readonly way?: 'in' | 'out' | 'kill'
  readonly at?: number
}

/** Whatever a small ComfyUI wrote down. */
function readLines(file: string): Line[] {
  return readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Each run that is really performed. */
export function readLedger(file: string): string[] {
  return readLines(file).flatMap(({ promptId, node, way }) => ((node ?? way) === undefined ? [promptId] : []))
}

/** Each move of a run in the queue. */
export function readMoves(file: string): Move[] {
  return readLines(file).flatMap(({ promptId, way, at = 0 }) => (way ? [{ promptId, way, at }] : []))
}
