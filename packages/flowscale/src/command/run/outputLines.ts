import type { Delivered } from './types.ts'

/** What a person sees of outputs on stdout, a line each: the path where it was saved, else its name and its link. */
export function outputLines(outputs: readonly Delivered[]): string {
  return outputs
    .map(({ path, filename, download_url }) => path ?? `${filename}  ${download_url ?? '(no link)'}`)
    .map(printable)
    .join('\n')
}

/** A server names its outputs; no terminal is to obey it. */
const printable = (line: string): string => line.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?')
