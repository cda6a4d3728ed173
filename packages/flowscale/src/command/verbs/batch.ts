import type { Call } from '../types.ts'

export async function batch({ output }: Call): Promise<void> {
  output.note('batch')
}
