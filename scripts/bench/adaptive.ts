// Polling by a history beside polling each second: polls a run, and the mean delay from the run's end.
import { runScript, startServer } from '../lib/child.ts'
import { type Figure, round, type Section } from './figure.ts'

interface Polled {
  polls: number
  delay: number
}

interface Modelled {
  sigma: number
  queued: boolean
  change?: string
  fixed: Polled
  adaptive: Polled
  untold: Polled
}

type What = keyof Polled
const whats = ['polls', 'delay'] as const
const titles: Record<What, string> = { polls: 'polls a run', delay: "mean delay from the run's end" }
const modelled = (what: What): string => `adaptive polling in the model, of each second's: ${titles[what]}`
const sigmas = [0.1, 0.3]
const measured = (sigma: number, what: What): string =>
  `adaptive polling of runs of about 3 s, sigma ${sigma}: ${titles[what]}`

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length

export const adaptive: Section[] = [
  {
    name: 'adaptive',
    figures: whats.map(modelled),
    async run(say) {
      say('adaptive polling, the model')
      const all = await runScript<Modelled[]>('bench/workers/adaptiveModel.mjs', '400')
      return whats.map((what): Figure => {
        const ratios = (list: readonly Modelled[], way: 'adaptive' | 'untold' = 'adaptive'): number[] =>
          list.map((one) => one[way][what] / one.fixed[what])
        const most = Math.max(...ratios(all), ...ratios(all, 'untold'))
        const groups = [0.1, 0.2, 0.4, 0.6].flatMap((sigma) =>
          [false, true].map((queued): [string, number] => {
            const those = all.filter((one) => one.sigma === sigma && one.queued === queued && !one.change)
            return [`sigma ${sigma}${queued ? ', queued' : ''}`, round(mean(ratios(those)))]
          }),
        )
        return {
          name: modelled(what),
          unit: 'times',
          value: round(mean(ratios(all))),
          // Polling each second, which a bare fetch does as often and no sooner.
          floor: 1,
          peers: {},
          beside: {
            ...Object.fromEntries(groups),
            'durations change': round(mean(ratios(all.filter(({ change }) => change)))),
            'the server sends no times': round(mean(ratios(all, 'untold'))),
            'at worst': round(most),
          },
          target: 'below 1 for each distribution, with times of the server and without',
          met: most < 1,
          note: `${all.length} distributions: medians of 3 to 180 s, cold starts, 0 to 5 earlier runs, durations that change`,
        }
      })
    },
  },
  {
    name: 'adaptive',
    figures: sigmas.flatMap((sigma) => whats.map((what) => measured(sigma, what))),
    async run(say) {
      say('adaptive polling, the emulator')
      const found = await Promise.all(
        sigmas.map(async (sigma) => {
          const server = await startServer('bench/workers/emulator.mjs')
          const args = [server.url, '3000', `${sigma}`, '8']
          const told = await runScript<Record<'bare' | 'fixed' | 'adaptive', Polled>>(
            'bench/workers/adaptive.mjs',
            ...args,
          )
          server.stop()
          return told
        }),
      )
      return sigmas.flatMap((sigma, index) =>
        whats.map((what): Figure => {
          const { bare, fixed, adaptive } = found[index]!
          return {
            name: measured(sigma, what),
            unit: what === 'polls' ? 'polls' : 'ms',
            value: round(adaptive[what]),
            floor: round(bare[what]),
            peers: {},
            beside: { 'each second': round(fixed[what]) },
            target: 'less than by polling each second',
            met: adaptive[what] < fixed[what],
            note: '40 lines of eight runs each way, the first three of each without a history; the floor is a bare fetch each second',
          }
        }),
      )
    },
  },
]
