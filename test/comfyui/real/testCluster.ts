import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { playCluster } from '../../servers/cluster.ts'
import { lineOf } from '../../servers/runs.ts'
import { createRandom } from '../../support/random.ts'

/**
 * A gateway with a worker for each server but the first, before real servers; `trouble` is a command that kills one of
 * these and starts it again. Gives what went wrong.
 */
export async function testCluster(
  urls: readonly string[],
  count: number,
  trouble: string | undefined,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const groupId = `cluster-${crypto.randomUUID()}`
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
  /** By server: a server that is killed forgets what it performed, so what was seen counts. */
  const seen = urls.map(() => new Set<string>())
  const look = async (url: string, index: number): Promise<void> => {
    const history = await fetch(`${url}/history?max_items=${count}`).then(
      (answer) => answer.json() as any,
      () => ({}),
    )
    for (const [promptId, { prompt }] of Object.entries<any>(history))
      if (prompt[3]?.flowscale?.groupId === groupId) seen[index]!.add(promptId)
  }
  const executed = async (): Promise<string[]> => {
    await Promise.all(urls.map(look))
    return seen.flatMap((runs) => [...runs])
  }
  const classes = await Promise.all(
    urls.map(async (url) => (await (await fetch(`${url}/object_info`)).json()) as object),
  )
  // What has ended before the next one comes makes no queue.
  const workflow = classes.every((all) => Object.hasOwn(all, 'TestSleep')) ? 'tinted' : 'plain'
  const command: string[] = trouble === undefined ? [] : [trouble]
  const servers = command.map((line) => ({
    name: 'ComfyUI',
    async kill() {
      await executed()
      await promisify(execFile)('sh', ['-c', line])
    },
    start: async () => {},
  }))
  try {
    const { figures, problems, links, kills } = await playCluster(
      { urls, servers, executed },
      { folder, workflows: [workflow], count, groupId, random: createRandom(1), kills: 6, pauseMs: 2_000 },
    )
    say(`${urls.length} servers: ${lineOf(figures)}; ${links} links, each of its own run`)
    say(
      `  killed: ${JSON.stringify(kills)}; seen in the histories: ${seen.map(({ size }) => size).join(', ')}`,
    )
    // A history that was lost can't tell that a run was performed.
    const certain =
      trouble === undefined ? problems : problems.filter((problem) => !problem.endsWith('was never executed'))
    const killed = Object.values(kills).reduce((sum, times) => sum + times, 0)
    const all = figures.failed > killed ? [...certain, `${figures.failed} failed`] : certain
    for (const problem of all) say(`✖ ${problem}`)
    return all
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
