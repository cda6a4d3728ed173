// For the bench and its workers, which run without tsx.
const own = ['floor', 'client', 'beside']

/**
 * Measures contestants in turns, in another order each round, so that all meet the same state of the machine. `measure` gives
 * figures by name; the result has the samples by figure and contestant. Peers take part in each third round. If `beside`,
 * which may be an older clone, throws, it is left out from then on, and `missing` says why.
 */
export async function takeTurns(contestants, measure, turns) {
  const { rounds, warmUps = 0, budgetMs = Number.POSITIVE_INFINITY, peersEach = 3 } = turns
  const samples = {}
  let missing
  const start = performance.now()
  for (let round = -warmUps; round < rounds; round++) {
    if (round >= 12 && performance.now() - start > budgetMs) break
    globalThis.gc?.()
    const order = Object.keys(contestants).map((name) => [Math.random(), name])
    for (const [, name] of order.sort(([a], [b]) => a - b)) {
      if (round % peersEach && !own.includes(name)) continue
      if (name === 'beside' && missing) continue
      try {
        const figures = await measure(contestants[name], name)
        if (round < 0) continue
        for (const figure in figures) {
          samples[figure] ??= {}
          samples[figure][name] ??= []
          samples[figure][name][round] = figures[figure]
        }
      } catch (error) {
        if (name !== 'beside') throw error
        missing = `${error}`.match(/^\w*Error\b.*$/gm)?.at(-1) ?? `${error}`
      }
    }
  }
  // As JSON has it: a hole is null.
  return JSON.parse(JSON.stringify({ samples, missing }))
}

/** Does something `count` times, so many at once, each with its number, and gives the ms of it all. */
export async function repeat(count, atOnce, play) {
  const start = performance.now()
  let next = 0
  const work = async () => {
    while (next < count) await play(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return performance.now() - start
}

/** Prints a worker's result as JSON, and ends the process when the last byte is written. */
export const print = (result) => process.stdout.write(JSON.stringify(result), () => process.exit())
