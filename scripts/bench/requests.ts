// What a request costs over a bare fetch.
import { runScript, startServer } from './child.ts'
import { type Figure, mapValues, median, type Ratio, ratio, round, type Section } from './figure.ts'

interface Race {
  samples: Record<string, { ms: number[]; cpu: number[] }>
  left: Record<string, number>
}

const besides = ['fetch with our options', 'fetch with a signal']

function section(operation: string, concurrency: 1 | 50): Section {
  const isMany = concurrency > 1
  const name = `${operation}, ${isMany ? '50 at once' : 'one by one'}`
  const signalName = `${name}, with a signal`
  const listeners = `listeners left by ${operation}`
  return {
    name: 'requests',
    figures: [name, signalName, ...(isMany ? [] : [listeners])],
    async run(say) {
      say(name)
      const server = await startServer('workers/server.mjs')
      const budget = operation === 'executeWorkflow' ? 18_000 : 20_000
      const args = [server.url, operation, `${concurrency}`, `${budget}`]
      const { samples, left } = await runScript<Race>('workers/requests.mjs', ...args).finally(server.stop)
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
        const own = compare(who)
        return {
          name: figureName,
          unit: isMany ? 'requests/s' : 'µs',
          value: speed(samples[who]!),
          floor: speed(floor!),
          ratio: own,
          cpu: ratio(samples[who]!.cpu, floor!.cpu),
          peers: {},
          beside,
          target: isMany ? `at least ${limit} of a bare fetch` : `at most ${limit} times a bare fetch`,
          met: isMany ? own.value >= limit : own.value <= limit,
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
