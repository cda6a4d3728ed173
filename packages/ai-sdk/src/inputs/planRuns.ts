import { ArgumentError, type Inputs } from '@flowscale/client'
import { fillInputs, type InputMap, type Values } from '../inputs.ts'
import type { ModelCall, Warning } from '../types.ts'
import { drawSeeds } from './drawSeeds.ts'
import { readProviderOptions } from './readProviderOptions.ts'

export interface Plan {
  readonly inputsList: Inputs[]
  /** By run; `null` where none is known. */
  readonly seeds: (number | null)[]
  readonly warnings: Warning[]
}

/** The inputs of each run of a call, which differ in their seed. */
export function planRuns({ n, seed, providerOptions }: ModelCall, values: Values, map: InputMap): Plan {
  if (!Number.isSafeInteger(n) || n < 1) throw new ArgumentError('n must be a whole number from 1')
  const seedName = map.names.seed as string | undefined
  const { inputs, warnings } = fillInputs(seedName ? values : { ...values, seed }, map)
  const further = readProviderOptions(providerOptions)
  const fixed = seedName && further[seedName]
  if (seedName && fixed === undefined) {
    const seeds = drawSeeds(seed, n)
    return {
      inputsList: seeds.map((seed) => ({ ...inputs, [seedName]: seed, ...further })),
      seeds,
      warnings,
    }
  }
  const why = seedName ? `inputs.${seedName} is one seed for all` : 'name the input for the seed in map.seed'
  const alike: Warning = { type: 'other', message: `The results may be equal: ${why}` }
  return {
    inputsList: Array.from({ length: n }, () => ({ ...inputs, ...further })),
    seeds: Array.from({ length: n }, () => (typeof fixed === 'number' ? fixed : null)),
    warnings: n > 1 ? [...warnings, alike] : warnings,
  }
}
