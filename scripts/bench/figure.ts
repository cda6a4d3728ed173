/** One line of the bench's result. */
export interface Figure {
  name: string
  unit: string
  /** The client's; a median where it was measured more than once. */
  value: number
  /** The same by a bare fetch in the same run. */
  floor: number
  /** `value / floor`, as the median over the rounds, with its 95 % interval. */
  ratio?: Ratio
  /** The same of this process's CPU time, which other work on the machine disturbs less. */
  cpu?: Ratio
  /** The same request by others, in the same unit. */
  peers: Record<string, number>
  /** Ways of a bare fetch besides the floor, and other waits than the first. */
  beside?: Record<string, number>
  target: string | null
  met: boolean | null
  /** Why it was missed, or how it was measured. */
  note?: string
}

export interface Ratio {
  value: number
  /** 95 % */
  interval: readonly [number, number]
}

/** A part of the bench, run as a whole. */
export interface Section {
  name: string
  /** What it gives; `--only` picks by them. */
  figures: readonly string[]
  run(say: (what: string) => void): Promise<Figure[]>
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The median of `a / b`, pair by pair, and its 95 % interval: the ranks between which a binomial puts the median. */
export function ratio(a: readonly number[], b: readonly number[]): Ratio {
  const ratios = a.map((value, index) => value / b[index]!).sort((x, y) => x - y)
  const half = 0.98 * Math.sqrt(ratios.length)
  const low = Math.max(0, Math.floor(ratios.length / 2 - half))
  const high = Math.min(ratios.length - 1, Math.ceil(ratios.length / 2 + half))
  return { value: round(median(ratios)), interval: [round(ratios[low]!), round(ratios[high]!)] }
}

/** Three digits that count. */
export const round = (value: number): number =>
  value < 100 ? Number(value.toPrecision(4)) : Math.round(value)

export const mapValues = <A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
