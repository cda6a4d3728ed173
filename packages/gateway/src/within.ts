/** Waits for work, and no longer than so many ms. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  // What fails after that is nobody's concern.
  work.catch(() => {})
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
