import { NoAnswer } from '../../engines/comfyui/server/NoAnswer.ts'
import { firstOf } from '../../engines/comfyui/sites/firstOf.ts'
import type { RunRecords } from '../../engines/comfyui/sites/types.ts'
import { within } from '../../within.ts'
import type { Server } from '../api/client.ts'

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
export function mirrorRecords({ server, own }: Place, others: readonly Place[]): RunRecords {
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
