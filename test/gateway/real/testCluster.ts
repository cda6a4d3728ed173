import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { lineOf } from '../lib/judge.ts'
import { playCluster } from '../lib/playCluster.ts'

/** Two gateways before several real servers; `trouble` is a command for the middle of it. Gives what went wrong. */
export async function testCluster(
  urls: readonly string[],
  count: number,
  trouble: string | undefined,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const groupId = `cluster-${crypto.randomUUID()}`
  const earlier = new Map<string, Set<string>>(urls.map((url) => [url, new Set()]))
  /** A server that is killed forgets what it performed: what was seen counts. */
  const look = async (url: string): Promise<void> => {
    const history = await fetch(`${url}/history?max_items=${count}`).then(
      (answer) => answer.json() as any,
      () => ({}),
    )
    for (const [id, { prompt }] of Object.entries<any>(history)) {
      if (prompt[3]?.flowscale?.groupId === groupId) earlier.get(url)!.add(id)
    }
  }
  const executed = async (): Promise<string[]> => {
    await Promise.all(urls.map(look))
    return [...earlier.values()].flatMap((ids) => [...ids])
  }
  const { figures, problems, links } = await playCluster(
    {
      urls,
      executed,
      async trouble() {
        if (trouble === undefined) return
        await executed()
        await promisify(execFile)('sh', ['-c', trouble])
      },
    },
    { workflow: 'plain', count, groupId },
  )
  say(`${urls.length} servers, two gateways: ${lineOf(figures)}; ${links} links, each of its own run`)
  say(`  seen in the histories, by server: ${[...earlier.values()].map((ids) => ids.size).join(', ')}`)
  // A history that was lost can't tell that a run was performed.
  const certain =
    trouble === undefined ? problems : problems.filter((problem) => !problem.endsWith('was never executed'))
  for (const problem of certain) say(`✖ ${problem}`)
  return certain
}
