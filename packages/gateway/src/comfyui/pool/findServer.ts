import { createLruCache } from '../../lruCache.ts'
import { isRunId } from '../runRecord.ts'
import { hasRun } from '../runs/runState.ts'
import { firstOf, type PoolMember } from './members.ts'

/** Finds the server of a run. `undefined` only where it is sure that none has it. */
export interface FindServer {
  (id: string): Promise<PoolMember | undefined>
  /** The server of a run, if it is known without a request. */
  known(id: string): PoolMember | undefined
  /** Notes where a run is, which spares the search. */
  note(id: string, member: PoolMember): void
}

export function createFindServer(members: readonly PoolMember[]): FindServer {
  const homes = createLruCache<PoolMember>(10_000)
  const only = members.length === 1 ? members[0] : undefined
  const isShared = members[0]!.localRecords === members.at(-1)!.localRecords
  const keepers = isShared ? members.slice(0, 1) : members

  async function search(id: string): Promise<PoolMember | undefined> {
    const isAt = (member: PoolMember): PoolMember => {
      homes.set(id, member)
      return member
    }
    const record = await firstOf(
      keepers.map(async (member) => {
        const run = await member.localRecords.getRun(id)
        return run && { run, member }
      }),
    )
    const { run, member: keeper } = record.found ?? {}
    const home = members.find(({ server }) => server.client.url === run?.server)
    if (home) return isAt(home)
    // Earlier versions kept the record where the run is, and nowhere else.
    if (run && run.server === undefined && !isShared) return isAt(keeper!)
    // Another gateway may know the server by another address; and some servers keep no records.
    const seen = await firstOf(
      members.map(async (member) => ((await hasRun(member.server, id)) ? member : undefined)),
    )
    if (seen.found) return isAt(seen.found)
    const failure = record.failure ?? seen.failure
    if (!run && !failure) return undefined
    if (!run) throw failure
    // A run that has ended needs no server: its record says all.
    const ended = await firstOf(
      keepers.map(async (member) => ((await member.localRecords.getEnd(id)) ? member : undefined)),
    )
    if (ended.found) return isAt(ended.found)
    if (failure) throw failure
    // The run may still be on its way to a server.
    return keeper
  }

  const locate = async (id: string): Promise<PoolMember | undefined> => {
    const known = only ?? homes.get(id)
    return known || !isRunId(id) ? known : await search(id)
  }
  return Object.assign(locate, {
    known: (id: string) => only ?? homes.get(id),
    note: homes.set,
  })
}
