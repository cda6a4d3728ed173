import type { EngineContext } from '../../engine.ts'
import { createRecords } from '../../records/createRecords.ts'
import { createStored } from '../../records/recordStore.ts'
import { within } from '../../runtime.ts'
import { type ComfyClient, createComfyClient, NoAnswer, type Sending } from '../api/client.ts'
import { createUserdata } from '../api/userdata.ts'
import { createCatalog } from '../catalog.ts'
import type { RunRecords } from '../runRecord.ts'
import { createMonitor } from '../runs/monitor.ts'
import { createComfyServer, createContainer } from '../server.ts'
import type { Files } from '../workflows/createFiles.ts'
import { firstOf, type PoolMember } from './members.ts'

interface PoolOptions extends Sending {
  readonly urls: readonly string[]
  readonly lostAfterMs: number
}

/** The servers. Each works by itself; only copies of records go from one to another. */
export function createPool(
  { urls, lostAfterMs, ...sending }: PoolOptions,
  files: Files,
  { storage, log }: EngineContext,
): PoolMember[] {
  const strangers = new Map<string, number>()
  const shared: RunRecords | undefined = storage && createRecords(createStored(storage), log)
  const keepers = urls.map((url) => {
    const client = createComfyClient(url, sending)
    return { client, localRecords: shared ?? createRecords(createUserdata(client, log), log) }
  })
  return keepers.map((keeper, index): PoolMember => {
    const { client, localRecords } = keeper
    const others = keepers.filter((other) => other !== keeper)
    const records = shared || others.length === 0 ? localRecords : mirrorRecords(keeper, others)
    const server = createComfyServer({ client, records, lostAfterMs, strangers })
    const [name, path] =
      others.length === 0 ? ['ComfyUI', 'comfyui'] : [`ComfyUI ${index + 1}`, `comfyui-${index + 1}`]
    return {
      server,
      localRecords,
      catalog: createCatalog(client, files, log),
      monitor: createMonitor(server, log),
      container: createContainer(server, name, path),
    }
  })
}

/** A submission waits this long at most for a copy of its record on another server. */
const COPY_MS = 1_000

/** A server, and the records on it. */
interface Keeper {
  readonly client: ComfyClient
  readonly localRecords: RunRecords
}

/**
 * The records of a server's runs: its own ones count, and the others have copies. So a run and the list of its group are
 * known while its server is away, and where a server keeps no records.
 */
function mirrorRecords({ client, localRecords }: Keeper, others: readonly Keeper[]): RunRecords {
  const near = (): RunRecords[] =>
    others.flatMap((other) => (other.client.isQuiet() ? [] : [other.localRecords]))

  async function read<T>(
    question: (records: RunRecords) => Promise<T | undefined>,
    anywhere = false,
  ): Promise<T | undefined> {
    const ofOthers = async (): Promise<T | undefined> => (await firstOf(near().map(question))).found
    if (client.isAway()) return (await ofOthers()) ?? (await question(localRecords))
    try {
      const value = await question(localRecords)
      return value === undefined && (anywhere || localRecords.refuses()) ? await ofOthers() : value
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      const value = await ofOthers()
      if (value === undefined) throw error
      return value
    }
  }

  const cachedEnd: RunRecords['cachedEnd'] = (id) =>
    [localRecords, ...others.map((other) => other.localRecords)].map((one) => one.cachedEnd(id)).find(Boolean)

  return {
    ...localRecords,
    getRun: (id) => read((records) => records.getRun(id)),
    cachedRun: (id) => {
      return [localRecords, ...others.map((other) => other.localRecords)]
        .map((one) => one.cachedRun(id))
        .find(Boolean)
    },
    cachedEnd,
    // A list may have read the end from a copy, if the server was killed before it had the end.
    getEnd: async (id, anywhere) => cachedEnd(id) ?? (await read((records) => records.getEnd(id), anywhere)),
    isCancelRequested: async (id) =>
      (await read(async (records) => (await records.isCancelRequested(id)) || undefined)) ?? false,
    async addRun(run) {
      const copies = near().map((records) => records.addRun(run))
      await Promise.all([
        localRecords.addRun(run),
        within(
          Promise.any(copies).catch(() => {}),
          COPY_MS,
        ),
      ])
    },
    async addEnd(ended) {
      // While the server was away, another gateway may have written down that the run is lost.
      const known = firstOf(near().map((records) => records.getEnd(ended.run.id))).catch(() => undefined)
      let first = ended
      await within(
        known.then((answer) => (first = answer?.found ?? ended)),
        COPY_MS,
      )
      const counts = await localRecords.addEnd(first)
      for (const records of near()) void records.addEnd(counts).catch(() => {})
      return counts
    },
  }
}
