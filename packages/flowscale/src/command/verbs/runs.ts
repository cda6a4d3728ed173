import type { Call } from '../types.ts'

export async function runs({ output }: Call): Promise<void> {
  output.note('runs')
}
