const own = ['floor', 'client', 'beside']

/**
 * Measures contestants in turns, in another order each round, so that all meet the same state of the machine. Each gives its
 * figures by name; the result has the samples by figure and contestant. Peers take part in each third round. If `beside`,
 * which may be an older clone, throws, it is left out from then on, and `missing` says why.
 */
export async function takeTurns(
  contestants,
  { rounds, warmUps = 0, budgetMs = Number.POSITIVE_INFINITY, peersEach = 3 },
) {
  const names = Object.keys(contestants)
  const samples = {}
  let missing
  const start = performance.now()
  for (let round = -warmUps; round < rounds; round++) {
    if (round >= 12 && performance.now() - start > budgetMs) break
    globalThis.gc?.()
    for (let index = names.length - 1; index > 0; index--) {
      const other = Math.floor(Math.random() * (index + 1))
      ;[names[index], names[other]] = [names[other], names[index]]
    }
    for (const name of names) {
      if (round % peersEach && !own.includes(name)) continue
      if (name === 'beside' && missing) continue
      try {
        const figures = await contestants[name]()
        if (round < 0) continue
        for (const [figure, value] of Object.entries(figures)) {
          samples[figure] ??= {}
          samples[figure][name] ??= []
          samples[figure][name][round] = value
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

/** Prints a worker's result as JSON, and ends the process when the last byte is written. */
export const print = (result) => process.stdout.write(JSON.stringify(result), () => process.exit())
