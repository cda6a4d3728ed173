import type { Call } from '../types.ts'

export async function wait({ output }: Call): Promise<void> {
  output.note('wait')
}
