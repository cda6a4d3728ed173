import type { Call } from '../types.ts'

export async function download({ output }: Call): Promise<void> {
  output.note('download')
}
