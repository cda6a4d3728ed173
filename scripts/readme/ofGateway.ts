import { finder, mark, measuredOn, number, type Results, sentence, table } from './markdown.ts'

/** Lines of Markdown: the gateway, next to ComfyUI alone. */
export function ofGateway(results: Results): string[] {
  const { figures } = results
  const rows = figures.map(({ name, value, unit, floor, ratio, target, met }) => [
    name.replace('gateway: ', ''),
    `${number(value)} ${unit.split(',')[0]}`,
    floor ? number(floor) : '',
    ratio ? `${ratio.value} (${ratio.interval.join(' to ')})` : '',
    mark(target, met),
  ])
  const crowd = finder(figures)('gateway: 10,000 clients that wait')
  const columns = ['clients', 'requests to the gateway', 'failed', 'requests to ComfyUI', 'MB above idle']
  const notes = figures.flatMap(({ name, beside = {}, note }) => {
    if (name === crowd.name) return []
    const list = Object.entries(beside).map(([what, much]) => `${what}: ${number(much)}`)
    const parts = [note ?? '', list.join(', ')].filter(Boolean).map(sentence)
    return parts.length ? [`- ${name.replace('gateway: ', '')}. ${parts.join(' ')}`] : []
  })
  return [
    measuredOn(results),
    '',
    ...table(['', 'gateway', 'floor', 'ratio (95 %)', 'target'], rows),
    '',
    ...notes,
    '',
    crowd.note!,
    '',
    ...table(
      ['', ...columns],
      ['events', 'polls'].map((way) => [
        way,
        ...columns.map((column) => number(crowd.beside![`${way}: ${column}`]!)),
      ]),
    ),
  ]
}
