import { executes } from './executes.ts'
import { soak } from './soak.ts'
import type { Part } from './types.ts'
import { waits } from './waits.ts'

/** In the order in which they run. */
export const parts: readonly Part[] = [executes, waits, soak]
