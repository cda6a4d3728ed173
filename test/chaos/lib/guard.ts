import type { Logger } from '@flowscale/client'
import { assertNoCanary } from '../../support/canary.ts'

/** What `within` throws. */
export class Stuck extends Error {}

/** `work`, or an error when it takes so long that it must be stuck. No timer stays behind. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Stuck(`${what} is stuck after ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Calls `run` with 0 up to `count`, so many at a time, until all are done or `stop` says so. */
export async function inParallel(
  count: number,
  most: number,
  run: (index: number) => Promise<void>,
  stop: () => boolean = () => false,
): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count && !stop()) await run(next++)
  }
  await Promise.all(Array.from({ length: most }, work))
}

/** A logger that searches each line for the key. */
export interface Spy extends Logger {
  lines: number
  leaks: string[]
}

export function createSpy(): Spy {
  const look = (message: string, fields?: object): void => {
    spy.lines++
    try {
      assertNoCanary(message, 'a log line')
      assertNoCanary(fields, 'the fields of a log line')
    } catch (error) {
      spy.leaks.push((error as Error).message)
    }
  }
  const spy: Spy = { lines: 0, leaks: [], debug: look, info: look, warn: look, error: look }
  return spy
}
