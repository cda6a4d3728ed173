import type { Call } from '../types.ts'

export async function run({ output }: Call): Promise<void> {
  output.note('run')
}
