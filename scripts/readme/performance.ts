import type { Figure } from '../bench/figure.ts'
import { finder, mark, measuredOn, number, type Results, table } from './markdown.ts'

/** The costs in short. */
function answer(find: (name: string) => Figure): string {
  const [request, upload] = [find('checkHealth, one by one'), find('memory for an upload of 1 GB')]
  const [bundle, start] = [find('size of createClient + checkHealth'), find('import of @flowscale/client')]
  return (
    `A request takes ${request.ratio!.value} times as long as a bare \`fetch\`, ${number(request.value)} µs instead of ${number(request.floor)}. ` +
    `An upload of 1 GB needs ${number(upload.value)} MB of memory; a bare \`fetch\` needs ${number(upload.floor)} MB. ` +
    `A bundle with \`createClient\` and \`checkHealth\` has ${(bundle.value / 1000).toFixed(1)} KB (brotli). ` +
    `An import of \`@flowscale/client\` takes ${number(start.value)} ms. [How this is measured](#how-this-is-measured).`
  )
}

/** Lines of Markdown: all that was measured, and which targets were missed. */
export function performance(results: Results): string[] {
  const { figures } = results
  const find = finder(figures)
  const besideFetch = [
    'checkHealth, one by one',
    'checkHealth, 50 at once',
    'getRun, one by one',
    'getRun, 50 at once',
    'executeWorkflow, one by one',
    'executeWorkflow, 50 at once',
    'checkHealth, one by one, with a signal',
    'checkHealth, 50 at once, with a signal',
    'upload of 200 MB',
    'upload of 1 GB',
    'memory for an upload of 1 GB',
    'own code of checkHealth',
    'own code of getRun',
  ].map((name) => {
    const { value, floor, unit, ratio, target, met } = find(name)
    const times = ratio ? `${ratio.value} (${ratio.interval.join(' to ')})` : ''
    return [name, `${number(value)} ${unit.split(',')[0]}`, number(floor), times, mark(target, met)]
  })

  const imports = figures
    .filter(({ name }) => name.startsWith('import of'))
    .map(({ name, value, floor, target, met }) => [name, number(value), number(floor), mark(target, met)])

  const sizes = figures
    .filter(({ name }) => name.startsWith('size of'))
    .map(({ name, value, beside = {}, target, met }) => [
      name.replace('size of ', ''),
      ...[beside.minified!, beside.gzip!, value].map(number),
      mark(target, met),
    ])

  const many = [1, 10, 100, 1000, 10_000].map((count) => {
    const { value, beside = {} } = find(`requests for ${count} runs by executeMany`)
    const told = [
      'besides the submissions',
      'seconds',
      'p99 ms from the end of a run to its result',
      'peak MB above idle',
    ]
    const heap = find(`heap in use during ${count} runs by executeMany`)
    return [
      number(count),
      number(value),
      ...[
        ...told.map((name) => beside[name]!),
        heap.value,
        heap.beside!['runs that waited then']!,
        heap.floor,
      ].map((n) => number(Math.max(0, n))),
      mark(heap.target, heap.met),
    ]
  })

  const late = [50, 1000].flatMap((runs) =>
    ['polling', 'adaptive polling', 'watcher', 'push', 'watcher, push'].map((way) => {
      const { value, beside = {} } = find(`${way}, ${runs} waits at once: from the run's end to the wait's`)
      return [way, number(runs), number(value), number(beside.p99!), number(beside['requests a run']!)]
    }),
  )

  const model = ['polls a run', "mean delay from the run's end"].map((what) =>
    find(`adaptive polling in the model, of each second's: ${what}`),
  )
  const adapted = Object.keys(model[0]!.beside!).map((kind) => [
    kind,
    ...model.map(({ beside }) => number(beside![kind]!)),
  ])

  const seen = figures
    .filter(({ name }) => name.startsWith('adaptive polling of'))
    .map(({ name, value, floor, beside }) => [
      name.replace('adaptive polling of ', ''),
      ...[value, beside!['each second']!, floor].map(number),
    ])

  const missed = figures.filter(({ met }) => met === false)
  return [
    answer(find),
    '',
    `${measuredOn(results)} The server is another process on the same machine. A request is short there, so the cost of the`,
    'client shows.',
    '',
    ...table(['', 'client', 'bare fetch', 'ratio (95 %)', 'target'], besideFetch),
    '',
    'Imports, in ms, next to an empty module:',
    '',
    ...table(['', 'client', 'empty', 'target'], imports),
    '',
    'Bundles in bytes, by esbuild:',
    '',
    ...table(['', 'minified', 'gzip', 'brotli', 'target'], sizes),
    '',
    'Many runs by `executeMany`. The p99 is the time from the end of a run to its result. Memory is in MB above idle.',
    '`heap MB` is the most heap in use, and `MB kept` is the heap in use at the end, with the results:',
    '',
    ...table(
      [
        'runs',
        'requests',
        'not submissions',
        'seconds',
        'p99, ms',
        'peak MB',
        'heap MB',
        'runs waiting then',
        'MB kept',
        'target for the heap',
      ],
      many,
    ),
    '',
    'Delay from the end of a run to the end of its wait, in ms:',
    '',
    ...table(['', 'waits at once', 'median', 'p99', 'requests a run'], late),
    '',
    '### Polls that adapt',
    '',
    'Polls and delay with `createPollHistory`, as a share of polling each second (1 is the same). Sigma is the standard',
    `deviation of the logarithm of the durations. The model has ${model[0]!.note}:`,
    '',
    ...table(['', 'polls', "delay from the run's end"], adapted),
    '',
    'The same, measured on the emulator, in polls and ms. The runs from which the history learns count, too:',
    '',
    ...table(['', 'with a history', 'each second', 'bare fetch, each second'], seen),
    '',
    ...(missed.length ? ['### Targets that were missed', ''] : ['Every target was met.']),
    ...missed.map(
      ({ name, value, unit, ratio, target, note }) =>
        `- ${name}: ${ratio ? `${ratio.value} of a bare fetch` : `${number(value)} ${unit}`}, target ${target}.${note ? ` ${note}` : ''}`,
    ),
  ]
}
