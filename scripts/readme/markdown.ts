// What the tables of docs/performance.md are made of.
import type { Figure } from '../bench/figure.ts'

/** What a run of the benchmarks saved. */
export interface Results {
  date: string
  machine: { cpu: string; cores: number; memoryGb: number; os: string; loadBefore: number }
  versions: Record<string, string>
  figures: Figure[]
}

export const number = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : `${Number(value.toPrecision(3))}`

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows.map((cells) => row(...cells)),
]

export const mark = (target: string | null, met: boolean | null): string =>
  target ? `${met ? '✓' : '✗'} ${target}` : ''

export const finder =
  (figures: readonly Figure[]) =>
  (name: string): Figure => {
    const figure = figures.find((figure) => figure.name === name)
    if (!figure) throw new Error(`scripts/bench/results.json has no figure ${name}: npm run bench -- --save`)
    return figure
  }

/** Where and when. */
export function measuredOn({ date, machine, versions }: Results): string {
  const { cpu, cores, memoryGb, os, loadBefore } = machine
  const disturbed = `, **while other work ran on the machine (load ${loadBefore})**, so times are rough`
  return (
    `Measured by \`npm run bench\` on ${date}: Node ${versions.node}, ${cores} cores of ${cpu}, ` +
    `${memoryGb} GB, ${os}${loadBefore > cores / 2 ? disturbed : ''}.`
  )
}

/** A note begins with a capital letter and ends with a full stop. */
export const sentence = (note: string): string =>
  `${note[0]!.toUpperCase()}${note.slice(1).replace(/\.?$/, '.')}`
