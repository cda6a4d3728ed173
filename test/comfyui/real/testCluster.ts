import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { playCluster } from '../../servers/cluster.ts'
import { lineOf } from '../../servers/runs.ts'
import { freePort } from '../../support/listen.ts'
import { createRandom } from '../../support/random.ts'
import { startRedis } from '../../support/startRedis.ts'

/**
 * Gateways and workers before real servers: one with a worker for each server but the first, or two with Redis. `trouble` is
 * a command that kills one of these and starts it again. Gives what went wrong.
 */
export async function testCluster(
  urls: readonly string[],
  gateways: 1 | 2,
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
  const port = await freePort()
  const redis = gateways > 1 ? await startRedis(port, folder) : undefined
  try {
    const { figures, problems, links, kills } = await playCluster(
      { urls, servers, executed, ...(redis && { redis: { url: `redis://127.0.0.1:${port}` } }) },
      { folder, workflows: [workflow], count, groupId, random: createRandom(1), kills: 6, pauseMs: 2_000 },
    )
    say(
      `${gateways} gateways, ${urls.length} servers: ${lineOf(figures)}; ${links} links, each of its own run`,
    )
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
    await redis?.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
