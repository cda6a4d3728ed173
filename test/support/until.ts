// The clock that is never fake.
const { setTimeout } = globalThis

/** An event did not come, or a server ended before it listened. The runner runs a file once more that failed by such errors alone. */
export class LateError extends Error {
  override name = 'LateError'
}

/** Asks until the answer is right, and gives it; throws a `LateError` with the text of the condition, after a time that only a failure takes. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isRight: (answer: T) => unknown = Boolean,
): Promise<T> {
  const end = performance.now() + 120_000
  for (let turn = 0; ; turn++) {
    const answer = await ask()
    if (isRight(answer)) return answer
    if (performance.now() > end)
      throw new LateError(
        `never came: ${isRight === Boolean ? ask : isRight}; last: ${JSON.stringify(answer)}`,
      )
    // What is near comes within a few turns of the event loop.
    await new Promise((resolve) => (turn < 100 ? setImmediate(resolve) : setTimeout(resolve, 5)))
  }
}
/** Waits until a number has stood still for a while, and gives it. */
export async function untilStill(value: () => number): Promise<number> {
  for (let last = -1, same = 0; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
    same = value() === last ? same + 1 : 0
    if (same === 25) return last
    last = value()
  }
}
