import { ArgumentError } from '@flowscale/client'

/** A seed for each run, counting up: runs with one seed give one picture, and servers cache it. Drawn where none is given. */
export function drawSeeds(seed: number = Math.floor(Math.random() * 2 ** 32), n: number): number[] {
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(seed + (n - 1))) {
    throw new ArgumentError('seed must be a whole number up to 2 ** 53 - n')
  }
  return Array.from({ length: n }, (_, index) => seed + index)
}
