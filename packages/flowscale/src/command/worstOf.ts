import type { Failure } from './errors.ts'

/** What costs most when nobody looks at it comes first. */
const order: readonly Failure[] = [
  'maybeSubmitted',
  'failed',
  'timedOut',
  'notAuthorised',
  'notFound',
  'usage',
  'tryAgain',
]

/** The failure that decides the exit code, where several things failed. */
export const worstOf = (failures: readonly Failure[]): Failure =>
  order.find((failure) => failures.includes(failure)) ?? 'failed'
