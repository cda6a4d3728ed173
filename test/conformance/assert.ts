/** The few assertions that the cases need, for any runtime. */
export function ok(value: unknown, what: string): asserts value {
  if (!value) throw new Error(`not so: ${what}`)
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`)
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
  if ('error' in outcome) return outcome.error
  throw new Error(`expected a rejection, got ${JSON.stringify(outcome.value)}`)
}
