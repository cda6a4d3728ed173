import type { Started } from './command.ts'

/** What a row tells, when it comes: nothing if its time is over, or if it has ended without. */
export async function told<T>(
  { exit }: Started,
  coming: Promise<T>,
  limitMs: number,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), limitMs)
  })
  // A command that has told its report ends soon after.
  const early = exit?.then(() => Promise.race([coming, pause(5000)]))
  try {
    return await Promise.race([coming, late, ...(early ? [early] : [])])
  } finally {
    clearTimeout(timer)
  }
}

const pause = (ms: number) => new Promise<undefined>((done) => setTimeout(done, ms))
