// What the bench says of a row. In every row less is better.

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

export const peersOf = ({ client, floor, beside, ...peers }: Samples): string[] => Object.keys(peers)

/** The row in words: the client beside the floor, the best peer and the other clone. */
export function describe({ name, unit, samples, cpu, floor = 'a bare fetch', missing }: Row): string {
  const [best = ''] = peersOf(samples).sort((a, b) => median(samples[a]!) - median(samples[b]!))
  const lines = [`${name}: ${median(samples.client!)} ${unit}`]
  for (const [who, called] of Object.entries({ floor, [best]: best, beside: 'the other clone' })) {
    if (!samples[who]) continue
    const { is, ...byTime } = compare(samples.client!, samples[who])
    const word = is === 'equal' ? 'as good as' : `${is} than`
    const byCpu = cpu ? `, CPU ${times(compare(cpu.client!, cpu[who]!))}` : ''
    lines.push(`    ${word} ${called}, ${median(samples[who])}: ${times(byTime)}${byCpu}`)
  }
  if (missing) lines.push(`    not by the other clone: ${missing}`)
  return lines.join('\n')
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1)
}

export function median(samples: Samples[string]): number {
  const values = samples.filter((sample) => sample !== null)
  return round(quantile(values, 0.5))
}

export interface Ratio {
  /** The median of the samples of one over those of the other, round by round. */
  ratio: number
  /** 95 %; only if there were enough rounds. */
  interval?: [number, number]
  /** `equal`, if the interval has 1 in it, or if a difference of a single round is less than a tenth. */
  is: 'better' | 'equal' | 'worse'
}

/** The interval lies between the ranks that a binomial gives to the median. */
export function compare(a: Samples[string], b: Samples[string]): Ratio {
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

/** A ratio with its interval. */
export const times = ({ ratio, interval }: Pick<Ratio, 'ratio' | 'interval'>): string =>
  `${number(ratio)}${interval ? ` (${interval.map(number).join('–')})` : ''}`

export const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumSignificantDigits: 3 })

const round = (value: number): number => (value < 100 ? Number(value.toPrecision(3)) : Math.round(value))
