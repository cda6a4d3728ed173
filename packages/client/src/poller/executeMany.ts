import { type ExecuteOptions, executeRules, submitWithGrace } from '../api/executeWorkflow.ts'
import { getRuns } from '../api/getRuns.ts'
import { ArgumentError, NetworkError } from '../errors.ts'
import type { Inputs, InputsOf } from '../inputs.ts'
import { isHeaderText, resolveHeaders } from '../internal/headers.ts'
import { check, checkOptions, isFrom1, isFunction, isId, type Rule } from '../internal/options.ts'
import { hide, reveal } from '../internal/secrets.ts'
import { sleep } from '../internal/timers.ts'
import type { Client, Execution, PushConnection, RunProgress, RunResult } from '../types.ts'
import { createBatch } from './createBatch.ts'
import { isRate, type WaitOptions, waitRules } from './options.ts'
import { type Known, pollResult } from './waitForResult.ts'

/** The result of one item of {@link executeMany}. */
export type ManyResult<V = RunResult> = { index: number; runId?: string } & (
  | { status: 'fulfilled'; value: V }
  | { status: 'rejected'; reason: unknown }
)

/** Options of {@link executeMany}. */
export interface ExecuteManyOptions
  extends Pick<WaitOptions, 'signal' | 'headers' | 'timeoutMs' | 'cancelOn'>,
    Pick<ExecuteOptions, 'arrays' | 'previews'> {
  /** The number of submissions at the same time. Submitted runs don't count. Default 4. */
  concurrency?: number | undefined
  /**
   * A string: the group of all runs, which makes the waits cheaper. A function: the group of each item, by its index. If
   * the group of an item holds a run of an earlier call, you don't pay for it again. This also helps if that call was
   * killed or an answer was lost. It costs a request for each item that is not in `submitted`. New runs start 5 s after
   * the call, because a server may list a run that late. Each item needs its own group, with no other runs in it.
   *
   * In the queue of a gateway, callers take turns. The part of `groupId` before the first `/` names the caller. So name the
   * groups `report/1`, `report/2` and so on. Without a `/`, each item is a caller, and everybody else gets few turns.
   */
  groupId?: string | ((index: number) => string) | undefined
  /**
   * The `Idempotency-Key` of each item, by its index: the same one when you call again. It needs a client with `idempotency`,
   * and a server that keeps keys. An item is then submitted again instead of being looked for in its group, so give its key
   * from the first call on.
   */
  idempotencyKey?: ((index: number) => string) | undefined
  /** The pause between two rounds of the shared wait, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** The limit for the requests of the shared wait, without submissions and cancels. Default 20. */
  maxRequestsPerSecond?: number | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents`. Finished runs are then fetched at once. Other runs are polled
   * less often, at least every 30 s.
   */
  push?: PushConnection | undefined
  /**
   * The run ids of an earlier call, by index in `inputsList`. You don't pay for these runs again. New run ids are added
   * before `onSubmitted` is called. An index that is not in `inputsList` is ignored.
   */
  submitted?: Map<number, string> | undefined
  /**
   * Called with each submitted run. It is awaited before another submission takes the place of this one. `others` has the
   * other runs, if the server started several for one request.
   */
  onSubmitted?: ((index: number, runId: string, others?: readonly Execution[]) => unknown) | undefined
  /** Called when the progress, state or place in the queue of an item changes. If it throws, the item fails. */
  onProgress?: ((index: number, progress: RunProgress) => unknown) | undefined
  /** Called with each item when it ends. */
  onResult?: ((result: ManyResult) => unknown) | undefined
}

/**
 * The time after the start of a call, in ms, before an item's group counts as empty. A server may be slow to list a run
 * that a killed call has submitted.
 */
const listMs = 5000

const makeRules = (hasKeys: unknown): Record<Exclude<keyof ExecuteManyOptions, 'idempotencyKey'>, Rule> => {
  const { maxPolls: _, onUpdate: __, ...rules } = waitRules()
  return {
    ...executeRules,
    ...rules,
    ...(hasKeys ? { idempotencyKey: isFunction } : {}),
    groupId: (value) => isFunction(value) === true || executeRules.groupId(value),
    concurrency: isFrom1,
    maxRequestsPerSecond: isRate,
    submitted: (value) =>
      (value instanceof Map &&
        [...value].every(([index, id]) => Number.isInteger(index) && isId(id) === true)) ||
      'a Map of indexes to run ids',
    onSubmitted: isFunction,
    onResult: isFunction,
  }
}

/**
 * Runs a workflow on many inputs. The results have the order of `inputsList`. A failed item does not stop the others.
 * `concurrency` limits the submissions; the server decides how many runs it works on. `timeoutMs` counts for each
 * run, from the end of its submission and of `onSubmitted`.
 *
 * After an abort nothing more is submitted, and every item ends with the signal's reason. Callbacks are still awaited.
 * A submission under way has 5 s to return its id, or else it ends with an error that has `maybeSubmitted`. The runs
 * continue unless `cancelOn` cancels them.
 *
 * To continue later, call it again with the same `inputsList` and `submitted`. It waits for the runs in `submitted`
 * and submits the others. A run may be missing in `submitted` after an error with `maybeSubmitted`, or if a
 * process was killed during its submission. A `groupId` for each item finds it; without one you pay again.
 *
 * @throws {@link ArgumentError} if an option is wrong. If `onSubmitted` or `onResult` throws, that error, after all
 * submitted runs have ended. All other errors are in the results.
 *
 * @example
 * ```ts
 * const prompts = ['dawn', 'noon', 'dusk']
 * const results = await executeMany(client, 'bncu0a1kipv', prompts.map((text_51536) => ({ text_51536 })), {
 *   onSubmitted: (index, runId) => console.log(index, runId),
 * })
 * for (const result of results) if (result.status === 'fulfilled') console.log(result.value.outputs)
 * ```
 */
export async function executeMany<T extends object>(
  client: Client,
  workflowId: string,
  inputsList: readonly (T & InputsOf<T>)[],
  options?: ExecuteManyOptions,
): Promise<ManyResult[]>
// Only typed workflows pass `toValue`, so the overload hides it. A second function, which the entry does not export, would be
// in a chunk of its own.
export async function executeMany(
  client: Client,
  workflowId: string,
  inputsList: readonly object[],
  options: ExecuteManyOptions = {},
  /** Makes the value of an item. If it throws, the item fails. */
  toValue = (result: RunResult): unknown => result,
): Promise<ManyResult[]> {
  const secrets = reveal(client)
  checkOptions(options, makeRules(secrets.idempotency?.rules))
  check('workflowId', workflowId, isId)
  if (!Array.isArray(inputsList)) throw new ArgumentError('inputsList must be an array')
  const {
    concurrency = 4,
    groupId: group,
    arrays,
    previews,
    onSubmitted,
    onResult,
    onProgress,
    signal,
  } = options
  const { submitted = new Map<number, string>(), timeoutMs, cancelOn, pollIntervalMs } = options
  const { idempotencyKey } = options
  const hasOwnGroups = typeof group === 'function'
  const groups = new Set<unknown>()
  const own = hide(
    { ...client },
    { ...secrets, headers: () => resolveHeaders({ headers: secrets.headers }, options.headers) },
  )
  const batch = createBatch(own, { ...options, groupId: hasOwnGroups ? undefined : group })
  const batched = hide({ ...client }, { ...reveal(own), batch })
  const results: ManyResult[] = []
  const waits: Promise<void>[] = []
  /** The errors of the caller's callbacks. */
  const thrown: unknown[] = []
  const call = async <T extends unknown[]>(callback: ((...all: T) => unknown) | undefined, ...all: T) => {
    try {
      await callback?.(...all)
    } catch (error) {
      thrown.push(error)
    }
  }

  const end = async (result: ManyResult) => {
    results[result.index] = result
    await call(onResult, result)
  }

  const wait = async (index: number, runId: string, known: Known) => {
    const rest = { timeoutMs, cancelOn, pollIntervalMs, signal }
    let result: ManyResult
    try {
      const value = await pollResult(
        batched,
        runId,
        onProgress ? { ...rest, onProgress: (progress) => onProgress(index, progress) } : rest,
        known,
      )
      result = { index, runId, status: 'fulfilled', value: toValue(value) as RunResult }
    } catch (reason) {
      result = { index, runId, status: 'rejected', reason }
    }
    await end(result)
  }

  // The list is copied, because the caller may change it meanwhile.
  const items = [...inputsList] as Inputs[]
  const listedAt = Date.now() + listMs
  /** Whether the server has said that it keeps keys. */
  let isKept = false

  /** Looks for the run of an earlier call in the group of an item. */
  const find = async (groupId: string): Promise<string | undefined> => {
    const { data } = await getRuns(own, { groupId, signal })
    // A server may ignore the group and list other runs, too.
    const run = data.runs.find(
      ({ group_id, workflow_id }) =>
        (group_id ?? groupId) === groupId && (workflow_id ?? workflowId) === workflowId,
    )
    if (run) check('_id of the run in its group', run._id, isId)
    return run?._id
  }

  /** Starts the run of an item, or finds its run of an earlier call, and waits for it. */
  const start = async (index: number): Promise<void> => {
    let runId = submitted.get(index)
    let known: Known = {}
    if (!runId) {
      try {
        const groupId = hasOwnGroups ? group(index) : group
        if (hasOwnGroups) {
          // Two items of one group would find the same run.
          check('groupId', groupId, (id) => (groups.has(id) ? 'another for each item' : isId(id)))
          groups.add(groupId)
        }
        if (idempotencyKey) {
          // After a failure, the next item asks again.
          if (!isKept) await secrets.idempotency!.demand!(own, { signal })
          isKept = true
        } else if (hasOwnGroups) {
          runId = await find(groupId!)
          const ms = listedAt - Date.now()
          if (!runId && ms > 0) {
            await sleep(ms, signal && AbortSignal.any([signal]))
            runId = await find(groupId!)
          }
        }
        // After an error of a callback nothing new is started, because the caller might not learn the id.
        if (!runId && thrown.length) return
        if (!runId) {
          const { data } = await submitItem(index, groupId)
          runId = data.run_id
          known = { names: data.output_names, submittedAt: Date.now(), others: data.others }
        }
      } catch (reason) {
        return end({ index, status: 'rejected', reason })
      }
      submitted.set(index, runId)
      await call(onSubmitted, index, runId, known.others)
    }
    waits.push(wait(index, runId, known))
  }

  const submitItem = async (index: number, groupId: string | undefined) => {
    const sentAt = new Date()
    const key = idempotencyKey?.(index)
    if (idempotencyKey) check('idempotencyKey', key, isHeaderText)
    /** The error of an item after an abort. It shows whether the run may have to be paid for. */
    const toError = (error: unknown) => {
      const { name, maybeSubmitted } = Object(error)
      if (error === signal!.reason || name !== 'AbortError') return maybeSubmitted ? error : signal!.reason
      return new NetworkError(`Item ${index} got no answer: aborted`, {
        cause: signal!.reason,
        maybeSubmitted: true,
        submittedAt: sentAt,
        workflowId,
        groupId,
        idempotencyKey: key,
      })
    }
    // Each submission has a signal of its own, so that the caller's signal gets one listener for all.
    const controller = new AbortController()
    const stop = signal && batch.onAbort(signal, () => controller.abort(signal.reason))
    const options = { groupId, arrays, previews, signal: controller.signal }
    return submitWithGrace(own, workflowId, items[index]!, options, toError, key, 'kept').finally(stop)
  }

  const turns = items.keys()
  const work = async () => {
    for (const index of turns) {
      if (thrown.length && !submitted.has(index)) return
      await start(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work))
  await Promise.all(waits)
  if (thrown.length) throw thrown[0]
  return results
}
