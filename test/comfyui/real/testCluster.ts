import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Move, measureQueues, playCluster } from '../../servers/cluster.ts'
import { lineOf } from '../../servers/runs.ts'

/** Two gateways before several real servers; `trouble` is a command for the middle of it. Gives what went wrong. */
export async function testCluster(
  urls: readonly string[],
  count: number,
  trouble: string | undefined,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const groupId = `cluster-${crypto.randomUUID()}`
  /** By server: a server that is killed forgets what it performed, so what was seen counts. */
  const seen = urls.map(() => new Map<string, Move[]>())
  const look = async (url: string, index: number): Promise<void> => {
    const history = await fetch(`${url}/history?max_items=${count}`).then(
      (answer) => answer.json() as any,
      () => ({}),
    )
    for (const [promptId, { prompt, status }] of Object.entries<any>(history)) {
      if (prompt[3]?.flowscale?.groupId !== groupId) continue
      const times: number[] = status.messages.map(([, { timestamp }]: [string, any]) => timestamp)
      seen[index]!.set(promptId, [
        { promptId, way: 'in', at: prompt[3].create_time },
        { promptId, way: 'out', at: Math.max(...times) },
      ])
    }
  }
  const executed = async (): Promise<string[]> => {
    await Promise.all(urls.map(look))
    return seen.flatMap((runs) => [...runs.keys()])
  }
  const classes = await Promise.all(
    urls.map(async (url) => (await (await fetch(`${url}/object_info`)).json()) as object),
  )
  // What has ended before the next one comes makes no queue.
  const workflow = classes.every((all) => Object.hasOwn(all, 'TestSleep')) ? 'tinted' : 'plain'
  const { figures, problems, links, chosenAt } = await playCluster(
    {
      urls,
      executed,
      async trouble() {
        if (trouble === undefined) return
        await executed()
        await promisify(execFile)('sh', ['-c', trouble])
      },
    },
    { workflow, count, groupId },
  )
  say(`${urls.length} servers, two gateways: ${lineOf(figures)}; ${links} links, each of its own run`)
  say(`  seen in the histories, by server: ${seen.map(({ size }) => size).join(', ')}`)
  // The queue of a server that was killed is not known.
  if (trouble === undefined) {
    const moves = seen.map((runs) => [...runs.values()].flat())
    const { chosen, arrived } = measureQueues(moves, chosenAt)
    say(
      `  runs by how much longer their queue was than the shortest: ${JSON.stringify(chosen)} as it was chosen, ${JSON.stringify(arrived)} as they arrived`,
    )
  }
  // A history that was lost can't tell that a run was performed.
  const certain =
    trouble === undefined ? problems : problems.filter((problem) => !problem.endsWith('was never executed'))
  for (const problem of certain) say(`✖ ${problem}`)
  return certain
}
