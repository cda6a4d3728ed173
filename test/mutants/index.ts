// Bugs that a maintainer might make, by name. Each has to make its test fail: `npm run test:mutants`.
import { comfyui } from './comfyui.ts'
import { emulator } from './emulator.ts'
import { flowscale } from './flowscale.ts'
import { gateway } from './gateway.ts'
import { many } from './many.ts'
import { mcp } from './mcp.ts'
import { owners } from './owners.ts'
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

/** Without a `test`, it is the one with the path of the source. */
const rows: Record<string, Omit<Mutant, 'test'> & Partial<Mutant>> = {
  ...requests,
  ...waits,
  ...many,
  ...push,
  ...pages,
  ...flowscale,
  ...mcp,
  ...gateway,
  ...comfyui,
  ...queue,
  ...owners,
  ...emulator,
}

const testOf = (file: string): string =>
  file.replace(/^packages\/([\w-]+)\/src\/(.*)\.ts$/, 'test/unit/$1/$2.test.ts')

export const mutants: Record<string, Mutant> = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, { test: testOf(row.file), ...row }]),
)
