import { aborts } from './aborts.ts'
import { answers } from './answers.ts'
import { inputs } from './inputs.ts'
import type { Part } from './types.ts'

/** In the order in which they run. */
export const parts: readonly Part[] = [answers, inputs, aborts]
