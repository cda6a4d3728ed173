import { clean } from '../clean.ts'
import type { Delivered } from './types.ts'

/** What a person sees of outputs on stdout, a line each: the path where it was saved, else its name and its link. */
export function outputLines(outputs: readonly Delivered[]): string {
  return outputs
    .map(
      ({ path, filename, download_url }) =>
        path ?? `${clean(filename)}  ${clean(download_url ?? '(no link)')}`,
    )
    .join('\n')
}
