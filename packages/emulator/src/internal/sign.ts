import { hash } from './hash.ts'

/** What stands for the signature of a download link: keyed by the seed, so no security at all. */
export function sign(seed: number, text: string): string {
  return hash(`${seed}\n${text}`)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('')
}
