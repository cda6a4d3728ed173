// Runs as a client sends and awaits them, and what came of them.
import { type Client, executeWorkflow, type Inputs, isFlowScaleError, iterateRuns } from '@flowscale/client'
import { createRunWatcher } from '@flowscale/client/poller'
import { createLimit } from '../support/createLimit.ts'

export interface SubmittedRuns {
  readonly ids: readonly string[]
  /** Submissions that may have started a run whose id is not known. */
  readonly lost: number
  /** What was refused for good. */
  readonly refused: readonly unknown[]
}

/** Submits each once: only what surely started no run is sent again, that is a refused connection and a 429. */
export async function submitAll(
  client: Client,
  workflowId: string,
  list: readonly Inputs[],
  groupId: string,
): Promise<SubmittedRuns> {
  const ids: string[] = []
  const refused: unknown[] = []
  let lost = 0
  const limit = createLimit(8)

  async function submit(inputs: Inputs): Promise<void> {
    for (const deadline = Date.now() + 60_000; ; ) {
      try {
        const { data } = await executeWorkflow(client, workflowId, inputs, { groupId, maxRetries: 0 })
        return void ids.push(data.run_id)
      } catch (error) {
        if (!isFlowScaleError(error)) throw error
        const { runId, maybeSubmitted } = error
        if (runId) return void ids.push(runId)
        const isBusy = 'status' in error && error.status === 429
        if ((isRefused(error) || isBusy) && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 100))
          continue
        }
        if (maybeSubmitted) lost++
        else refused.push(error)
        return
      }
    }
  }

  await Promise.all(list.map((inputs) => limit(() => submit(inputs))))
  return { ids, lost, refused }
}

function isRefused(error: unknown): boolean {
  const { code, cause } = Object(error)
  return code === 'ECONNREFUSED' || (cause !== undefined && isRefused(cause))
}

export interface Ends {
  readonly completed: readonly string[]
  /** With a reason, each. */
  readonly failed: readonly string[]
  readonly cancelled: readonly string[]
  /** Of which nothing certain is told. */
  readonly unknown: readonly string[]
  /** The inputs of those that are listed, by run. */
  readonly inputs: ReadonlyMap<string, string>
}

/** Waits for runs, and for all others of their group, as a client does. */
export async function settleAll(
  client: Client,
  groupId: string,
  known: readonly string[],
  pollIntervalMs: number,
): Promise<Ends> {
  const inputs = new Map<string, string>()
  for await (const run of iterateRuns(client, { groupId })) inputs.set(run._id, JSON.stringify(run.inputs))
  const list = [...new Set([...known, ...inputs.keys()])]
  const [completed, failed, cancelled, unknown]: string[][] = [[], [], [], []]
  const watcher = createRunWatcher(client, { groupId, pollIntervalMs, maxRequestsPerSecond: 1000 })
  const settled = await watcher.waitAll(list, { timeoutMs: 200_000 })
  watcher.close()
  for (const [index, outcome] of settled.entries()) {
    const id = list[index]!
    const error = outcome.status === 'rejected' ? outcome.reason : undefined
    const { code, status, errors = [] } = Object(error)
    if (!error) completed!.push(id)
    else if (!isFlowScaleError(error) || code !== 'ERR_FLOWSCALE_RUN') unknown!.push(`${id}: ${error}`)
    else if (status === 'cancelled') cancelled!.push(id)
    else if (status === 'failed' && errors.length > 0) failed!.push(`${id}: ${errors}`)
    else unknown!.push(`${id}: ${error}`)
  }
  return { completed: completed!, failed: failed!, cancelled: cancelled!, unknown: unknown!, inputs }
}

/** Figures of a disaster; they can be added up. */
export type Figures = Record<
  'runs' | 'lost' | 'refused' | 'completed' | 'failed' | 'cancelled' | 'unknown' | 'executed' | 'twice',
  number
>

/**
 * Says what came of runs. `executed` is what ComfyUI really performed, by run: none may be there twice, by its id or by
 * what was asked for, and each must be known to the client.
 */
export function judge(
  { lost, refused }: Pick<SubmittedRuns, 'lost' | 'refused'>,
  { completed, failed, cancelled, unknown, inputs }: Ends,
  executed: readonly string[],
): { figures: Figures; problems: string[] } {
  const asked = executed.map((id) => inputs.get(id) ?? id)
  const twice = Math.max(...[executed, asked].map((list) => list.length - new Set(list).size))
  const ended = new Set([...completed, ...cancelled, ...failed.map((line) => line.slice(0, 36))])
  const figures = {
    runs: ended.size + unknown.length,
    lost,
    refused: refused.length,
    completed: completed.length,
    failed: failed.length,
    cancelled: cancelled.length,
    unknown: unknown.length,
    executed: executed.length,
    twice,
  }
  return {
    figures,
    problems: [
      ...unknown,
      ...(twice > 0 ? [`${twice} executed twice`] : []),
      ...executed.filter((id) => !ended.has(id)).map((id) => `${id} was executed, and is not known`),
      ...completed.filter((id) => !executed.includes(id)).map((id) => `${id} was never executed`),
    ],
  }
}

export function addUp(all: readonly Figures[]): Figures {
  const [first, ...rest] = all
  const sum = { ...first! }
  for (const more of rest) for (const name of Object.keys(sum) as (keyof Figures)[]) sum[name] += more[name]
  return sum
}

export function lineOf(figures: Figures): string {
  const { runs, lost, refused, completed, failed, cancelled, unknown, executed, twice } = figures
  return (
    `${runs} runs: ${completed} completed, ${failed} failed with a reason, ${cancelled} cancelled, ${unknown} unknown; ` +
    `${lost} answers lost, ${refused} refused; ${executed} executed, ${twice} twice`
  )
}
