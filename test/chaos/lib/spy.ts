import type { Logger } from '@flowscale/client'
import { assertNoCanary } from '../../support/canary.ts'

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
