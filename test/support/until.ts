// The clock that is never fake.
const { setTimeout } = globalThis

/** Waits until something is so; fails, with the text of the condition, after a time that only a failure takes. */
export async function until(isSo: () => unknown): Promise<void> {
  for (const end = performance.now() + 60_000; !(await isSo()); ) {
    if (performance.now() > end) throw new Error(`never came: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
