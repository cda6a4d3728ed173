import { hash } from './hash.ts'

export type Random = () => number

/** The generator sfc32: the same text gives the same numbers, from 0 up to 1, in every runtime. */
export function createRandom(seed: string): Random {
  let [a, b, c, d] = hash(seed)
  return () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }
}
