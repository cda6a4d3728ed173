import { CANARY } from '../../support/canary.ts'
import type { ServerOptions } from './server.ts'

/** A server that takes any number of calls at once, and plays a fault at most requests. */
export const hostileToExecutes = (seed: number): ServerOptions => ({
  apiKey: CANARY,
  seed,
  speed: Number.POSITIVE_INFINITY,
  containers: 100,
  maxRuns: 1_000_000,
  faults: { seed, chance: 0.6, operations: ['executeWorkflow', 'getRun', 'getOutput'] },
})
