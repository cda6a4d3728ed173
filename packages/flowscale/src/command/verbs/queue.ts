import type { Call } from '../types.ts'

export async function queue({ output }: Call): Promise<void> {
  output.note('queue')
}
