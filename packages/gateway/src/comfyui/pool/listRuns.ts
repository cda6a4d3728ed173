import { compareRuns, type Run, type RunsQuery } from '../../engine.ts'
import type { IndexEntry } from '../../records/runIndex.ts'
import { forEach } from '../../runtime.ts'
import { NoAnswer } from '../api/client.ts'
import { type Ended, toEndedRun, toRun } from '../runRecord.ts'
import { findRun, progressOf } from '../runs/runState.ts'
import type { ComfyServer } from '../server.ts'
import type { FindServer } from './findServer.ts'
import { askAll, type PoolMember } from './members.ts'

/** A page. The index sorts and counts, and only the runs of the page are read. */
export async function listRuns(
  members: readonly PoolMember[],
  findServer: FindServer,
  query: RunsQuery,
): Promise<{ runs: Run[]; total: number }> {
  const { groupId, offset, limit } = query
  const entries = await readIndex(members, groupId)
  entries.sort(compareRuns(query, (a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
  const page = entries.slice(offset, offset + limit)
  const runs: (Run | undefined)[] = []
  await forEach(page, async ({ id, end }, index) => {
    // Of most runs only the end has to be read, which any server has.
    const ended = end && (await readEnd(members, id))
    const member = ended ? undefined : await findServer(id)
    runs[index] = ended
      ? toEndedRun(ended)
      : member && (await findOrRecall(member.server, id, members.length > 1))
    member?.monitor.noteRun(runs[index])
  })
  return { runs: runs.filter((run) => run !== undefined), total: entries.length }
}

async function readEnd(members: readonly PoolMember[], id: string): Promise<Ended | undefined> {
  for (const { localRecords, server } of members) {
    if (members.length > 1 && server.client.isQuiet()) continue
    const ended = await localRecords.getEnd(id).catch(unlessAway)
    if (ended) return ended
  }
  return undefined
}

/** The entries of all servers. Each server has copies of the others' entries, and an end counts more than a beginning. */
async function readIndex(members: readonly PoolMember[], groupId: string | null): Promise<IndexEntry[]> {
  if (members.every(({ localRecords }) => localRecords === members[0]!.localRecords))
    return await members[0]!.localRecords.list(groupId)
  const { answers } = await askAll(members, ({ localRecords }) => localRecords.list(groupId))
  const entries = new Map<string, IndexEntry>()
  for (const [, list] of answers) {
    for (const entry of list) if (entry.end || !entries.has(entry.id)) entries.set(entry.id, entry)
  }
  return [...entries.values()]
}

/** One server that is away, or was taken out, must not hide the runs of the others: its runs are listed as they were known last. */
async function findOrRecall(server: ComfyServer, id: string, several: boolean): Promise<Run | undefined> {
  const { client, records } = server
  if (several && client.isAway()) client.probe()
  else {
    try {
      return await findRun(server, id)
    } catch (error) {
      if (!several && client.awayForMs() > 0) throw error
      unlessAway(error)
    }
  }
  const ended = await records.getEnd(id).catch(unlessAway)
  if (ended) return toEndedRun(ended)
  const known = records.cachedRun(id)
  const { progress, node } = progressOf(server, id)
  return known && toRun(known, { status: progress > 0 ? 'running' : 'queued', progress, node })
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof NoAnswer)) throw error
}
