import { operationCases } from './operations.ts'
import type { Case } from './types.ts'
import { waitCases } from './waits.ts'

/** Every case, written once for every runtime. */
export const cases: readonly Case[] = [...operationCases, ...waitCases]
