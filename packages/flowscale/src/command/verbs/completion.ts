import type { Call } from '../types.ts'

export async function completion({ output }: Call): Promise<void> {
  output.note('completion')
}
