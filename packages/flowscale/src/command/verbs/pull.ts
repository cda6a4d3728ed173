import type { Call } from '../types.ts'

export async function pull({ output }: Call): Promise<void> {
  output.note('pull')
}
