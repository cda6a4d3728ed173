// Counts what happens in this process, and writes the figures in Prometheus' text format.

interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly about: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

const counter = (about: string, ...labels: string[]): Metric => ({ type: 'counter', about, labels })
const gauge = (about: string, ...labels: string[]): Metric => ({ type: 'gauge', about, labels })
const histogram = (about: string, buckets: readonly number[]): Metric => {
  return { type: 'histogram', about, labels: ['workflow'], buckets }
}
const OF_PROCESS = 'Of this gateway, since its start: add up all gateways'
const OF_QUEUE = 'Of the queue: the same at each of its gateways'

/** Each figure. Docs, alerts and the dashboard name them. */
export const METRICS: Readonly<Record<string, Metric>> = {
  flowscale_runs_total: counter('Runs by how they ended', 'workflow', 'key', 'end'),
  flowscale_run_wait_seconds: histogram(
    'From the submission of a run to its start',
    [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400],
  ),
  flowscale_run_duration_seconds: histogram(
    'From the start of a run to its end',
    [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600],
  ),
  flowscale_model_loads_total: counter('Runs after a run of another workflow on their server', 'workflow'),
  flowscale_gpu_idle_seconds_total: counter('Time in which a server could work and had no run', 'server'),
  flowscale_submissions_refused_total: counter('Submissions answered with an error', 'status', 'key'),
  flowscale_store_errors_total: counter('Requests to the store of the runs that failed'),
  flowscale_runs_waiting: gauge('Runs that wait'),
  flowscale_oldest_wait_seconds: gauge('The wait of the run that has waited longest'),
  flowscale_servers: gauge('Servers by their state', 'state'),
}

/** The values of labels, in the order of the metric. */
export type Labels = readonly (string | number | undefined)[]

/** The values of gauges, as they are now. */
export type Gauges = Readonly<Record<string, readonly (readonly [labels: Labels, value: number])[]>>

/** Further series of a metric are counted together, under the label `other`. */
export const MOST_SERIES = 1_000

interface Series {
  value: number
  /** How many values of a histogram each bucket has, and the last one all others. */
  readonly counts: number[]
}

export interface Meter {
  /** Adds to a counter, or one value to a histogram. */
  add(name: string, labels: Labels, value?: number): void
  write(gauges: Gauges): string
}

export function createMeter(): Meter {
  const all = new Map<string, Map<string, Series>>()

  function add(name: string, labels: Labels, value = 1): void {
    const { buckets } = METRICS[name]!
    const series = all.get(name) ?? new Map<string, Series>()
    all.set(name, series)
    const own = textOf(name, labels)
    const isFull = !series.has(own) && series.size >= MOST_SERIES
    const text = isFull ? textOf(name, Array(labels.length).fill('other')) : own
    const one = series.get(text) ?? { value: 0, counts: buckets ? [...buckets.map(() => 0), 0] : [] }
    series.set(text, one)
    one.value += value
    if (!buckets) return
    const at = buckets.findIndex((most) => value <= most)
    one.counts[at < 0 ? buckets.length : at]!++
  }

  // An alert sees only the growth of a figure that was there before.
  add('flowscale_store_errors_total', [], 0)
  return {
    add,
    write(gauges) {
      const lines = Object.entries(METRICS).flatMap(([name, { type, about }]) => {
        const counted = [...(all.get(name) ?? [])].flatMap(([labels, one]) => linesOf(name, labels, one))
        const values = (gauges[name] ?? []).map(([labels, value]) => line(name, textOf(name, labels), value))
        const own = [...counted, ...values]
        const of = type === 'gauge' ? OF_QUEUE : OF_PROCESS
        return own.length === 0 ? [] : [`# HELP ${name} ${about}. ${of}.`, `# TYPE ${name} ${type}`, ...own]
      })
      return `${lines.join('\n')}\n`
    },
  }
}

function linesOf(name: string, labels: string, { value, counts }: Series): string[] {
  const { buckets } = METRICS[name]!
  if (!buckets) return [line(name, labels, value)]
  let count = 0
  const lines = [...buckets, '+Inf'].map((most, at) => {
    count += counts[at]!
    return line(`${name}_bucket`, `${labels},le="${most}"`, count)
  })
  return [...lines, line(`${name}_sum`, labels, value), line(`${name}_count`, labels, count)]
}

const line = (name: string, labels: string, value: number): string =>
  `${name}${labels && `{${labels}}`} ${value}`

function textOf(name: string, values: Labels): string {
  const { labels } = METRICS[name]!
  return labels.map((label, at) => `${label}="${quoted(String(values[at] ?? ''))}"`).join(',')
}

const quoted = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
