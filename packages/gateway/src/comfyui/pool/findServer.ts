import { createMemory } from '../../lruCache.ts'
import { seekRun } from '../api/queue.ts'
import { isRunId } from '../runRecord.ts'
import { firstOf, type Site } from './members.ts'

/** Finds the server of a run. `undefined` only where it is sure that none has it. */
export interface Locate {
  (id: string): Promise<Site | undefined>
  /** The server of a run, if it is known without a request. */
  known(id: string): Site | undefined
  /** Notes where a run is, which spares the search. */
  note(id: string, site: Site): void
}

export function createLocate(sites: readonly Site[]): Locate {
  const homes = createMemory<Site>(10_000)
  const only = sites.length === 1 ? sites[0] : undefined
  const isShared = sites[0]!.own === sites.at(-1)!.own
  const keepers = isShared ? sites.slice(0, 1) : sites

  async function search(id: string): Promise<Site | undefined> {
    const isAt = (site: Site): Site => {
      homes.set(id, site)
      return site
    }
    const record = await firstOf(
      keepers.map(async (site) => {
        const run = await site.own.submitted(id)
        return run && { run, site }
      }),
    )
    const { run, site: keeper } = record.found ?? {}
    const home = sites.find(({ server }) => server.url === run?.server)
    if (home) return isAt(home)
    // Earlier versions kept the record where the run is, and nowhere else.
    if (run && run.server === undefined && !isShared) return isAt(keeper!)
    // Another gateway may know the server by another address; and some servers keep no records.
    const seen = await firstOf(sites.map(async (site) => ((await hasRun(site, id)) ? site : undefined)))
    if (seen.found) return isAt(seen.found)
    const failure = record.failure ?? seen.failure
    if (!run && !failure) return undefined
    if (!run) throw failure
    // Where it has ended, no server has to know more of it.
    const ended = await firstOf(keepers.map(async (site) => ((await site.own.ended(id)) ? site : undefined)))
    if (ended.found) return isAt(ended.found)
    if (failure) throw failure
    // It may yet come to a server, and be found there.
    return keeper
  }

  const locate = async (id: string): Promise<Site | undefined> => {
    const known = only ?? homes.get(id)
    return known || !isRunId(id) ? known : await search(id)
  }
  return Object.assign(locate, {
    known: (id: string) => only ?? homes.get(id),
    note: homes.set,
  })
}

/** Whether a server knows the run at present. */
export async function hasRun(site: Site, id: string): Promise<boolean> {
  const { item, history } = await seekRun(site, id)
  return item !== undefined || history !== undefined
}
