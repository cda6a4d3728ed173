// What the bench tells of a row. In every row less is better.

/** For each contestant a sample a round, or `null` for a round without it. */
export type Samples = Record<string, (number | null)[]>

/**
 * A row as it was measured. The contestants are `client` (this repository), `floor` (a bare fetch, or its equivalent),
 * `beside` (another clone) and peers.
 */
export interface Row {
  name: string
  unit: string
  samples: Samples
  /** The CPU time of the process in the same rounds, which other work on the machine disturbs less. */
  cpu?: Samples | undefined
  /** The floor's name, if the floor is no bare fetch. */
  floor?: string | undefined
  /** Why the other clone is not in it. */
  missing?: string | undefined
}

interface Ratio {
  /** The median of the client's samples over the other's, round by round. */
  ratio: number
  /** 95 %; only if there were enough rounds. */
  interval?: [number, number]
  /** `equal`, if the interval has 1 in it, or if a difference of a single round is less than a tenth. */
  is: 'better' | 'equal' | 'worse'
}

export interface Comparison extends Ratio {
  name: string
  value: number
  cpu?: Ratio | undefined
}

/** A row of the result. */
export interface Figure {
  name: string
  unit: string
  /** The client's median. */
  value: number
  /** To be at least as good as these: the floor and the best peer. */
  targets: { floor?: Comparison | undefined; peer?: Comparison | undefined }
  peers: Record<string, number>
  beside?: Comparison | undefined
  missing?: string | undefined
}

/** The document of a run. */
export interface Result {
  date: string
  /** `load` is the average of the minute before. */
  machine: { cpu: string; cores: number; memoryGb: number; os: string; load: number; seconds: number }
  versions: Record<string, string>
  figures: Figure[]
}

export function toFigure({ name, unit, samples, cpu, floor = 'a bare fetch', missing }: Row): Figure {
  const { client, floor: _, beside: __, ...others } = samples
  const compare = (who: string, name = who): Comparison | undefined =>
    samples[who] && {
      name,
      value: median(samples[who]),
      ...ratio(client!, samples[who]),
      cpu: cpu && ratio(cpu.client!, cpu[who]!),
    }
  const peers = Object.fromEntries(Object.entries(others).map(([who, list]) => [who, median(list)]))
  const [best] = Object.keys(peers).sort((a, b) => peers[a]! - peers[b]!)
  return {
    name,
    unit,
    value: median(client!),
    targets: { floor: compare('floor', floor), peer: best ? compare(best) : undefined },
    peers,
    beside: compare('beside'),
    missing,
  }
}

/** One comparison in words. */
export function describe({ name, value, ratio, interval, is, cpu }: Comparison): string {
  const range = (between?: readonly number[]) => (between ? ` (${between.join(' to ')})` : '')
  const word = is === 'equal' ? 'as good as' : `${is} than`
  const ofCpu = cpu ? `, CPU ${cpu.ratio}${range(cpu.interval)}` : ''
  return `${word} ${name}, ${value}: ${ratio}${range(interval)}${ofCpu}`
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1)
}

const median = (samples: Samples[string]): number =>
  round(
    quantile(
      samples.flatMap((sample) => sample ?? []),
      0.5,
    ),
  )

/** Compares round by round. The interval lies between the ranks that a binomial gives to the median. */
export function ratio(a: Samples[string], b: Samples[string]): Ratio {
  const ratios = a
    .flatMap((value, index) => (value === null || b[index] == null ? [] : value / b[index]))
    .sort((x, y) => x - y)
  let rank = 0
  let chance = 0.5 ** ratios.length
  for (let below = chance; below <= 0.025; below += chance) {
    rank++
    chance *= (ratios.length - rank + 1) / rank
  }
  const value = round(quantile(ratios, 0.5))
  const interval: [number, number] = rank
    ? [round(ratios[rank - 1]!), round(ratios.at(-rank)!)]
    : [value / 1.1, value * 1.1]
  const is = interval[1] < 1 ? 'better' : interval[0] > 1 ? 'worse' : 'equal'
  return { ratio: value, ...(rank && { interval }), is }
}

const round = (value: number): number => (value < 100 ? Number(value.toPrecision(3)) : Math.round(value))
