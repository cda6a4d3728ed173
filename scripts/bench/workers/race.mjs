/**
 * Batches of requests, everyone's turn in each round, in an order that changes. Gives the ms per request of each
 * batch, by name: of the clock, and of this process's CPU, which other work on the machine disturbs less.
 */
export async function race(contestants, { concurrency, batch, rounds, budgetMs }) {
  const names = Object.keys(contestants)
  const samples = Object.fromEntries(names.map((name) => [name, { ms: [], cpu: [] }]))
  const turn = async (name) => {
    const send = contestants[name]
    let left = batch
    const work = async () => {
      while (left-- > 0) await send()
    }
    const before = process.cpuUsage()
    const start = performance.now()
    if (concurrency === 1) await work()
    else await Promise.all(Array.from({ length: concurrency }, work))
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(before)
    return { ms: ms / batch, cpu: (user + system) / 1000 / batch }
  }
  for (let round = 0; round < 4; round++) for (const name of names) await turn(name)
  const until = performance.now() + budgetMs
  for (let round = 0; round < rounds && (round < 30 || performance.now() < until); round++) {
    globalThis.gc?.()
    for (let index = names.length - 1; index > 0; index--) {
      const other = Math.floor(Math.random() * (index + 1))
      ;[names[index], names[other]] = [names[other], names[index]]
    }
    for (const name of names) {
      const { ms, cpu } = await turn(name)
      samples[name].ms.push(ms)
      samples[name].cpu.push(cpu)
    }
  }
  return samples
}
