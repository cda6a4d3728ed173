import { within } from '../../runtime.ts'
import { NoAnswer } from '../api/client.ts'
import type { Catalog } from '../catalog.ts'
import type { RunRecords } from '../runRecord.ts'
import type { RunMonitor } from '../runs/monitor.ts'
import type { ComfyServer, ContainerReader } from '../server.ts'
import type { ComfyWorkflow } from '../workflows/types.ts'

/** One of the servers, with all facts about it. */
export interface PoolMember {
  readonly server: ComfyServer
  /** The records on this server itself. With a storage, all servers have the same. */
  readonly localRecords: RunRecords
  readonly catalog: Catalog
  readonly monitor: RunMonitor
  readonly container: ContainerReader
}

/** A server that can run a workflow, and the workflow as that server knows it. */
export interface Candidate {
  readonly member: PoolMember
  readonly workflow: ComfyWorkflow
}

/** Longer than a healthy server takes, and shorter than a caller likes to wait. */
const SOON_MS = 1_000

export interface Answers<T> {
  readonly answers: readonly (readonly [member: PoolMember, answer: T])[]
  /** Why a server gave no answer, if one did not. */
  readonly failure: NoAnswer | undefined
}

/**
 * Sends the same request to several servers. Waits for a silent server only if no server answers.
 *
 * @throws `NoAnswer` if no server answers, and any other error at once.
 */
export async function askAll<T>(
  members: readonly PoolMember[],
  question: (member: PoolMember) => Promise<T>,
): Promise<Answers<T>> {
  const answers: [PoolMember, T][] = []
  let failure: NoAnswer | undefined
  const put = async (member: PoolMember): Promise<void> => {
    try {
      answers.push([member, await question(member)])
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      failure = error
    }
  }
  const quiet = members.filter(({ server }) => server.client.isQuiet())
  const asked = members.filter((member) => !quiet.includes(member))
  const open = new Set(asked)
  const all = asked.map((member) => put(member).finally(() => open.delete(member)))
  if (members.length > 1) await within(Promise.all(all), SOON_MS)
  if (answers.length === 0) await Promise.all([...all, ...quiet.map(put)])
  else {
    for (const { server } of open) server.client.mute()
    for (const { server } of quiet) server.client.probe()
    if (open.size + quiet.length > 0) failure ??= new NoAnswer('it stopped answering', true)
  }
  if (answers.length === 0 && failure) throw failure
  return { answers: [...answers], failure }
}

/** The first value of several questions; if there is none, the reason why a question got no answer. */
export async function firstOf<T>(
  questions: readonly Promise<T | undefined>[],
): Promise<{ found?: T | undefined; failure?: NoAnswer | undefined }> {
  let failure: NoAnswer | undefined
  const found = questions.map(async (question) => {
    const value = await question.catch((error) => {
      if (!(error instanceof NoAnswer)) throw error
      failure = error
    })
    if (value === undefined) throw undefined
    return value as T
  })
  try {
    return { found: await Promise.any(found) }
  } catch (error) {
    // An error that is no `NoAnswer` is a defect, or a storage that fails.
    const cause = (error as AggregateError).errors.find((one) => one !== undefined)
    if (cause) throw cause
    return { failure }
  }
}
