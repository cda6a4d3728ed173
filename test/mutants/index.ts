// Bugs that a maintainer might make, by name. Each has to make its test fail: `npm run test:mutants`.
import { comfyui } from './comfyui.ts'
import { emulator } from './emulator.ts'
import { flowscale } from './flowscale.ts'
import { gateway } from './gateway.ts'
import { many } from './many.ts'
import { pages } from './pages.ts'
import { push } from './push.ts'
import { queue } from './queue.ts'
import { requests } from './requests.ts'
import { waits } from './waits.ts'

export interface Mutant {
  /** What the bug does to the user. */
  readonly bug: string
  readonly file: string
  /** Stands once in the file. */
  readonly from: string
  readonly to: string
  /** The nearest test that catches it. */
  readonly test: string
}

export const mutants: Record<string, Mutant> = {
  ...requests,
  ...waits,
  ...many,
  ...push,
  ...pages,
  ...flowscale,
  ...gateway,
  ...comfyui,
  ...queue,
  ...emulator,
}
