import type { EngineContext } from '../../engine.ts'
import { createMemory } from '../../lruCache.ts'
import { createRecords } from '../../records/createRecords.ts'
import { createStored } from '../../records/recordStore.ts'
import { createServer, NoAnswer, type Server } from '../api/client.ts'
import { createReadQueue } from '../api/queue.ts'
import { createUserdata } from '../api/userdata.ts'
import { createWorkflows } from '../catalog.ts'
import type { checkOptions } from '../comfyui.ts'
import type { Comfy } from '../runRecord.ts'
import { createWatcher } from '../runs/monitor.ts'
import { createContainer } from '../server.ts'
import { firstOf, type RunRecords, type Site, within } from './members.ts'

/** The servers. Each works by itself; only copies of records go from one to another. */
export function createSites(
  { urls, lostAfterMs, fetch }: ReturnType<typeof checkOptions>,
  context: EngineContext,
): Site[] {
  const { storage, log } = context
  const strangers = new Map<string, number>()
  const shared: RunRecords | undefined = storage && createRecords(createStored(storage), log)
  const places = urls.map((url) => {
    const server = createServer(url, fetch)
    return { server, own: shared ?? createRecords(createUserdata(server, log), log) }
  })
  return places.map((place, index): Site => {
    const { server, own } = place
    const others = places.filter((other) => other !== place)
    const comfy: Comfy = {
      server,
      records: shared || others.length === 0 ? own : mirrorRecords(place, others),
      readQueue: createReadQueue(server),
      taken: createMemory(5_000),
      progress: createMemory(5_000),
      lostAfterMs,
      strangers,
    }
    const [name, path] =
      others.length === 0 ? ['ComfyUI', 'comfyui'] : [`ComfyUI ${index + 1}`, `comfyui-${index + 1}`]
    return {
      ...comfy,
      own,
      workflows: createWorkflows(server, context),
      watcher: createWatcher(comfy),
      container: createContainer(comfy, name, path),
    }
  })
}

/** A run is submitted once one more server has its record, or after so many ms without one. */
const COPY_MS = 1_000

interface Place {
  readonly server: Server
  readonly own: RunRecords
}

/**
 * The records of a server's runs: its own ones count, and the others have copies. So a run and the list of its group are
 * known while its server is away, and where a server keeps no records.
 */
function mirrorRecords({ server, own }: Place, others: readonly Place[]): RunRecords {
  const near = (): RunRecords[] => others.flatMap((other) => (other.server.isQuiet() ? [] : [other.own]))

  async function read<T>(
    question: (records: RunRecords) => Promise<T | undefined>,
    anywhere = false,
  ): Promise<T | undefined> {
    const ofOthers = async (): Promise<T | undefined> => (await firstOf(near().map(question))).found
    if (server.isAway()) return (await ofOthers()) ?? (await question(own))
    try {
      const value = await question(own)
      return value === undefined && (anywhere || own.refuses()) ? await ofOthers() : value
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      const value = await ofOthers()
      if (value === undefined) throw error
      return value
    }
  }

  const rememberedEnd: RunRecords['rememberedEnd'] = (id) =>
    [own, ...others.map((other) => other.own)].map((one) => one.rememberedEnd(id)).find(Boolean)

  return {
    ...own,
    submitted: (id) => read((records) => records.submitted(id)),
    remembered: (id) => {
      return [own, ...others.map((other) => other.own)].map((one) => one.remembered(id)).find(Boolean)
    },
    rememberedEnd,
    // A list may have read it from a copy, where the server was killed before it had it.
    ended: async (id, anywhere) =>
      rememberedEnd(id) ?? (await read((records) => records.ended(id), anywhere)),
    cancelAsked: async (id) =>
      (await read(async (records) => (await records.cancelAsked(id)) || undefined)) ?? false,
    async submit(run) {
      const copies = near().map((records) => records.submit(run))
      await Promise.all([
        own.submit(run),
        within(
          Promise.any(copies).catch(() => {}),
          COPY_MS,
        ),
      ])
    },
    async end(ended) {
      // While the server was away, another gateway may have written down that the run is lost.
      const known = firstOf(near().map((records) => records.ended(ended.run.id))).catch(() => undefined)
      let first = ended
      await within(
        known.then((answer) => (first = answer?.found ?? ended)),
        COPY_MS,
      )
      const counts = await own.end(first)
      for (const records of near()) void records.end(counts).catch(() => {})
      return counts
    },
  }
}
