import { readFileSync } from 'node:fs'

interface Line {
  readonly promptId: string
  readonly node?: string
  readonly way?: 'in' | 'out' | 'kill'
  readonly at?: number
}

/** Whatever a small ComfyUI wrote down. */
export function readLines(file: string): Line[] {
  return readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Each run that is really performed. */
export function readLedger(file: string): string[] {
  return readLines(file).flatMap(({ promptId, node, way }) => ((node ?? way) === undefined ? [promptId] : []))
}
