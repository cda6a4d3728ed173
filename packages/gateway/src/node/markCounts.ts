// The ranks of marks in a long list.
/** Counts of marks at some places of a long list, so that a rank takes a short walk from the nearest place. */
export type MarkCounts = ReturnType<typeof createMarkCounts>

interface Step {
  readonly key: string
  readonly before: number
}

const STEP = 500
const COARSE = 8 * STEP

/** Counts the marks that begin with `list`. `marks` gives them in order, as they were at this call. */
export function createMarkCounts(list: string, marks: AsyncIterable<readonly string[]>) {
  const steps = [{ key: list, count: 0 }]
  let last = list
  let total = 0
  let later: [mark: string, by: number][] | undefined = []

  function add(mark: string, by: number): boolean {
    let low = 0
    for (let high = steps.length; high - low > 1; ) {
      const middle = (low + high) >>> 1
      if (steps[middle]!.key <= mark) low = middle
      else high = middle
    }
    const step = steps[low]!
    total += by
    // Most marks come at the end.
    if (mark > last && step.count >= STEP) steps.push({ key: mark, count: by })
    else step.count += by
    if (mark > last) last = mark
    if (step.count === 0 && low > 0) steps.splice(low, 1)
    return step.count < COARSE
  }

  /** The last step that is not too far. */
  function find(isNear: (key: string, before: number) => boolean): Step {
    let found = { key: list, before: 0 }
    let before = 0
    for (const { key, count } of steps) {
      if (!isNear(key, before)) break
      found = { key, before }
      before += count
    }
    return found
  }

  async function countAll(): Promise<void> {
    for await (const some of marks) for (const mark of some) add(mark, 1)
    for (const [mark, by] of later!) add(mark, by)
    later = undefined
  }

  return {
    /** Resolves once all marks are counted. */
    ready: countAll() as Promise<void>,
    /** A mark was set (1) or removed (-1). False: the counts have become coarse, and should be made anew. */
    change: (mark: string, by: number): boolean => (later ? later.push([mark, by]) > 0 : add(mark, by)),
    /** A place close before this mark, and how many marks are before that place. */
    stepTo: (mark: string): Step => (mark > last ? { key: mark, before: total } : find((key) => key <= mark)),
    /** A place with about so many marks before it, and not more. */
    stepOf: (count: number): Step => find((_, before) => before <= count),
  }
}
