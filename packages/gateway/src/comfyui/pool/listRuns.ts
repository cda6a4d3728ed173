import type { Run, RunsQuery } from '../../engine.ts'
import type { Mark } from '../../records/recordStore.ts'
import { forEach } from '../../runtime.ts'
import { NoAnswer } from '../api/client.ts'
import { type Ended, showEnded, showRun } from '../runRecord.ts'
import { findRun, progressOf } from '../runs/findRun.ts'
import type { Locate } from './findServer.ts'
import { ask, type Site } from './members.ts'

const TIMES = { created_at: 'createdAt', started_at: 'startedAt', completed_at: 'completedAt' } as const

/** A page: the names of marks sort and count, and only the runs of the page are read. */
export async function getRuns(
  sites: readonly Site[],
  locate: Locate,
  query: RunsQuery,
): Promise<{ runs: Run[]; total: number }> {
  const { groupId, sortBy, sortOrder, offset, limit } = query
  const timeOf = (mark: Mark): number | null => mark[TIMES[sortBy]]
  const direction = sortOrder === 'asc' ? 1 : -1
  const marks = await readMarks(sites, groupId)
  // What has no such time yet comes last in either order.
  marks.sort((a, b) => {
    const [first, second] = [timeOf(a), timeOf(b)]
    if ((first === null) !== (second === null)) return first === null ? 1 : -1
    return direction * ((first ?? 0) - (second ?? 0) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  })
  const page = marks.slice(offset, offset + limit)
  const runs: (Run | undefined)[] = []
  await forEach(page, async ({ id, end }, index) => {
    // Of most runs only the end has to be read, which any server has.
    const ended = end && (await readEnd(sites, id))
    const site = ended ? undefined : await locate(id)
    runs[index] = ended ? showEnded(ended) : site && (await findOrRecall(site, id, sites.length > 1))
    site?.watcher.show(runs[index])
  })
  return { runs: runs.filter((run) => run !== undefined), total: marks.length }
}

async function readEnd(sites: readonly Site[], id: string): Promise<Ended | undefined> {
  for (const { own, server } of sites) {
    if (sites.length > 1 && server.isQuiet()) continue
    const ended = await own.ended(id).catch(unlessAway)
    if (ended) return ended
  }
  return undefined
}

/** The marks of all servers: each has the marks of the others, too. An end counts more than a beginning. */
async function readMarks(sites: readonly Site[], groupId: string | null): Promise<Mark[]> {
  if (sites.every(({ own }) => own === sites[0]!.own)) return await sites[0]!.own.marks(groupId)
  const { answers } = await ask(sites, ({ own }) => own.marks(groupId))
  const marks = new Map<string, Mark>()
  for (const [, list] of answers) {
    for (const mark of list) if (mark.end || !marks.has(mark.id)) marks.set(mark.id, mark)
  }
  return [...marks.values()]
}

/** One server that is away, or was taken out, must not hide the runs of the others: its own are listed as known last. */
async function findOrRecall(site: Site, id: string, several: boolean): Promise<Run | undefined> {
  const { server, records } = site
  if (several && server.isAway()) server.probe()
  else {
    try {
      return await findRun(site, id)
    } catch (error) {
      if (!several && server.awayForMs() > 0) throw error
      unlessAway(error)
    }
  }
  const ended = await records.ended(id).catch(unlessAway)
  if (ended) return showEnded(ended)
  const known = records.remembered(id)
  const { progress, node } = progressOf(site, id)
  return known && showRun(known, { status: progress > 0 ? 'running' : 'queued', progress, node })
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof NoAnswer)) throw error
}
