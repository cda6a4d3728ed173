import type { Call } from '../types.ts'

export async function get({ output }: Call): Promise<void> {
  output.note('get')
}
