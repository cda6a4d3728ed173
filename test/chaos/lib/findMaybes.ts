import { createClient, getRuns } from '@flowscale/client'
import { CANARY } from '../../support/canary.ts'
import { type Call, groupOf } from './call.ts'
import type { Comparison } from './compareCalls.ts'
import type { HostileServer } from './server.ts'

const MOST = 100

/** Does what an error with `maybeSubmitted` says, with the server calm again: looks for the runs by their group. */
export async function findMaybes(
  server: HostileServer,
  calls: readonly Call[],
  started: Comparison['started'],
): Promise<{ looked: number; failures: string[] }> {
  await server.setChance(0)
  const client = createClient({ baseUrl: server.url, apiKey: CANARY })
  const maybes = [...calls.keys()].filter((index) => calls[index]!.maybe).slice(0, MOST)
  const failures: string[] = []
  for (const index of maybes) {
    const { data } = await getRuns(client, { groupId: groupOf(index) })
    const found = data.runs.map(({ _id }) => _id).sort()
    const wanted = [...(started.get(index) ?? [])].sort()
    if (String(found) !== String(wanted)) {
      failures.push(`call ${index}: getRuns found ${found}, not ${wanted}`)
    }
  }
  return { looked: maybes.length, failures }
}
