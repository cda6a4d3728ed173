import type { Call } from '../types.ts'

export async function cancel({ output }: Call): Promise<void> {
  output.note('cancel')
}
