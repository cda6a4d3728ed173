// What waiting costs: how late a wait is over, and how much is asked for many runs.
import { runScript, startServer } from '../lib/child.ts'
import { type Figure, median, quantile, round, type Section } from './figure.ts'

interface Waited {
  delays: number[]
  asked: number
}

/** What `workers/many.mjs` prints. */
interface Many extends Record<'requests' | 'seconds' | 'failed' | 'p99' | 'waiting', number> {
  mb: Record<'peak' | 'inUse' | 'kept', number>
}

const ways = ['polling', 'adaptive polling', 'push', 'watcher', 'watcher, push']
const late = (way: string, runs: number): string =>
  `${way}, ${runs} waits at once: from the run's end to the wait's`
const counts = [1, 10, 100, 1000, 10_000]
const many = (count: number): string => `requests for ${count} runs by executeMany`
const heap = (count: number): string => `heap in use during ${count} runs by executeMany`
/** MB for each run that waits. */
const mbPerWait = 0.02

async function wait(way: string, runs: number): Promise<Waited> {
  const server = await startServer('bench/workers/emulator.mjs')
  return runScript<Waited>('bench/workers/waits.mjs', server.url, way, `${runs}`).finally(server.stop)
}

export const waits: Section[] = [
  ...[50, 1000].map(
    (runs): Section => ({
      name: 'waits',
      figures: ways.map((way) => late(way, runs)),
      async run(say) {
        say(`${runs} waits at once`)
        const floor = await wait('floor', runs)
        const figures: Figure[] = []
        for (const way of ways) {
          const { delays, asked } = await wait(way, runs)
          const isPush = way.includes('push')
          const limit = isPush ? (runs > 50 ? 1000 : 20) : way.includes('polling') ? null : 1000
          const p99 = quantile(delays, 0.99)
          const value = median(delays)
          const extra = p99 - quantile(floor.delays, 0.99)
          figures.push({
            name: late(way, runs),
            unit: 'ms',
            value: round(value),
            floor: round(median(floor.delays)),
            peers: {},
            beside: {
              p99: round(p99),
              'p99 of bare polls': round(quantile(floor.delays, 0.99)),
              'requests a run': round(asked / runs),
              'requests a run of bare polls': round(floor.asked / runs),
            },
            target:
              limit === null
                ? null
                : isPush && runs === 50
                  ? 'median at most 20 ms'
                  : 'p99 less than one poll interval (1,000 ms) later than the p99 of bare polls',
            met: limit === null ? null : isPush && runs === 50 ? value <= 20 : extra < 1000,
            note:
              way === 'watcher, push'
                ? 'the floor is a bare fetch each second; a watcher makes at most 20 requests a second, and each covers all runs that changed since the last'
                : 'the floor is a bare fetch each second',
          })
        }
        return figures
      },
    }),
  ),
  {
    name: 'many',
    figures: counts.flatMap((count) => [many(count), heap(count)]),
    async run(say) {
      const figures: Figure[] = []
      let single: Waited = { delays: [], asked: 0 }
      let hundred = 0
      for (const count of counts) {
        say(`executeMany, ${count} runs`)
        const server = await startServer('bench/workers/emulator.mjs')
        const told = await runScript<Many>('bench/workers/many.mjs', server.url, `${count}`).finally(
          server.stop,
        )
        if (told.failed) throw new Error(`${told.failed} of ${count} runs failed`)
        // Runs of 2 to 5 s: what single waits ask is measured at a thousand, where it counts.
        if (count === 1000) single = await wait('polling', 1000)
        const polls = told.requests - count
        const extra = count === 1000 ? told.p99 - quantile(single.delays, 0.99) : 0
        figures.push({
          name: many(count),
          unit: 'requests',
          value: told.requests,
          floor: count,
          peers: {},
          beside: {
            'besides the submissions': polls,
            seconds: round(told.seconds),
            'p99 ms from the end of a run to its result': round(told.p99),
            'peak MB above idle': round(told.mb.peak),
            ...(count === 1000 && {
              'polls of single waits': single.asked,
              'p99 ms of single waits': round(quantile(single.delays, 0.99)),
            }),
          },
          target:
            count === 1000
              ? 'at most 1,000 submissions and 1/20 of the polls of single waits; p99 less than one poll interval (1,000 ms) later than theirs'
              : null,
          met: count === 1000 ? polls <= single.asked / 20 && extra < 1000 : null,
          note: 'the floor is the submissions alone',
        })
        const { inUse, kept } = told.mb
        if (count === 100) hundred = inUse
        const limit = hundred + kept + mbPerWait * told.waiting
        figures.push({
          name: heap(count),
          unit: 'MB above idle',
          value: round(inUse),
          floor: round(kept),
          peers: {},
          beside: { 'runs that waited then': told.waiting },
          target:
            count > 100
              ? `at most ${mbPerWait * 1000} KB for each run that waits, besides the results`
              : null,
          met: count > 100 ? inUse <= limit : null,
          note: 'the largest heap after a collection, one each second; the floor is the heap after the end, results included',
        })
      }
      return figures
    },
  },
]
