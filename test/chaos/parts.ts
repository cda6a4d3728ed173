import { aborts } from './aborts.ts'
import { answers } from './answers.ts'
import { executes } from './executes.ts'
import { inputs } from './inputs.ts'
import { many } from './many.ts'
import { runtimes } from './runtimes.ts'
import { soak } from './soak.ts'
import type { Part } from './types.ts'
import { waits } from './waits.ts'

/** In the order in which they run. */
export const parts: readonly Part[] = [executes, runtimes, waits, many, soak, answers, inputs, aborts]
