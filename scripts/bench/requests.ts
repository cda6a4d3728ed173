// What a request costs over a bare fetch.
import { runScript, startServer } from '../lib/child.ts'
import { type Figure, mapValues, median, type Ratio, ratio, round, type Section } from './figure.ts'

interface Race {
  samples: Record<string, { ms: number[]; cpu: number[] }>
  left: Record<string, number>
  own?: Race['samples']
}

const besides = ['fetch with our options', 'fetch with a signal']

function section(operation: string, concurrency: 1 | 50): Section {
  const isMany = concurrency > 1
  const name = `${operation}, ${isMany ? '50 at once' : 'one by one'}`
  const signalName = `${name}, with a signal`
  const listeners = `listeners left by ${operation}`
  const ownCode = `own code of ${operation}`
  const hasOwn = !isMany && operation !== 'executeWorkflow'
  return {
    name: 'requests',
    figures: [name, signalName, ...(isMany ? [] : [listeners]), ...(hasOwn ? [ownCode] : [])],
    async run(say) {
      say(name)
      const server = await startServer('bench/workers/server.mjs')
      const budget = operation === 'executeWorkflow' ? 10_000 : 12_000
      const args = [server.url, operation, `${concurrency}`, `${budget}`]
      const { samples, left, own } = await runScript<Race>('bench/workers/requests.mjs', ...args).finally(
        server.stop,
      )
      /** Time per request, or how many requests a second. */
      const speed = ({ ms }: { ms: number[] }) => round(isMany ? 1000 / median(ms) : median(ms) * 1000)
      const compare = (who: string): Ratio => {
        const [a, b] = [samples[who]!.ms, samples.floor!.ms]
        return isMany ? ratio(b, a) : ratio(a, b)
      }
      const { floor, client: _, 'client with a signal': __, ...others } = samples
      const beside = mapValues(Object.fromEntries(besides.map((who) => [who, samples[who]!])), speed)
      for (const who of besides) delete others[who]
      const figure = (figureName: string, who: string, limit: number, extra: Partial<Figure>): Figure => {
        const times = compare(who)
        return {
          name: figureName,
          unit: isMany ? 'requests/s' : 'µs',
          value: speed(samples[who]!),
          floor: speed(floor!),
          ratio: times,
          cpu: ratio(samples[who]!.cpu, floor!.cpu),
          peers: {},
          beside,
          target: isMany ? `at least ${limit} of a bare fetch` : `at most ${limit} times a bare fetch`,
          met: isMany ? times.value >= limit : times.value <= limit,
          note: `A bare fetch with a time-out and our redirect mode is at ${compare(besides[0]!).value}, and one with a signal at ${compare(besides[1]!).value}. The rest is our own code.`,
          ...extra,
        }
      }
      return [
        figure(name, 'client', isMany ? 0.95 : 1.02, { peers: mapValues(others, speed) }),
        figure(signalName, 'client with a signal', isMany ? 0.86 : 1.1, {}),
        ...(isMany
          ? []
          : [
              {
                name: listeners,
                unit: 'listeners after 100 requests',
                value: left.client!,
                floor: left.floor!,
                peers: {},
                target: '0',
                met: left.client === 0,
              },
            ]),
        ...(own
          ? [
              {
                name: ownCode,
                unit: 'µs of CPU',
                value: round(median(own.client!.cpu) * 1000),
                floor: round(median(own.floor!.cpu) * 1000),
                peers: {},
                target: null,
                met: null,
                note: 'with a fetch that answers at once; the floor reads the same JSON',
              },
            ]
          : []),
      ]
    },
  }
}

export const requests: Section[] = [
  section('checkHealth', 1),
  section('checkHealth', 50),
  section('getRun', 1),
  section('getRun', 50),
  section('executeWorkflow', 1),
  section('executeWorkflow', 50),
]
