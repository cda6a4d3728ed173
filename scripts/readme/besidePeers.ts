import { finder, measuredOn, number, type Results, table } from './markdown.ts'

/** Lines of Markdown: the client, a bare fetch and the peers, each as its users would write it. */
export function besidePeers(results: Results): string[] {
  const { versions, figures } = results
  const find = finder(figures)
  const versus = (name: string, who: string): string => {
    const figure = find(name)
    const value = who === '@flowscale/client' ? figure.value : figure.peers[who]
    if (value === undefined) return ''
    return name.startsWith('size') ? `${(value / 1000).toFixed(1)} KB` : number(value)
  }
  const columns: readonly (readonly [head: string, name: string])[] = [
    ['GET, µs', 'checkHealth, one by one'],
    ['GET, 50 at once, a second', 'checkHealth, 50 at once'],
    ['POST of a form, µs', 'executeWorkflow, one by one'],
    ['upload of 1 GB, MB/s', 'upload of 1 GB'],
    ['memory for the upload, MB', 'memory for an upload of 1 GB'],
    ['import, ms', 'import of @flowscale/client'],
    ['whole package, brotli', 'size of every entry point'],
  ]
  const peers = Object.keys(versions).filter((name) => !['node', 'flowscale'].includes(name))
  return [
    ...table(
      ['', ...columns.map(([head]) => head)],
      [
        ...peers.map((who) => [`${who} ${versions[who]}`, ...columns.map(([, name]) => versus(name, who))]),
        [
          'bare fetch',
          ...columns.map(([, name]) => (name.startsWith('size') ? '' : number(find(name).floor))),
        ],
      ],
    ),
    '',
    measuredOn(results),
  ]
}
