import { executeRules } from '../../api/executeWorkflow.ts'
import { getRuns } from '../../api/getRuns.ts'
import { ArgumentError, NetworkError } from '../../errors.ts'
import { resolveHeaders } from '../../internal/headers.ts'
import { check, checkOptions, isFunction, isId, isMs, type Rule } from '../../internal/options.ts'
import { hide, reveal } from '../../internal/secrets.ts'
import { sleep } from '../../internal/timers.ts'
import type { Client, Inputs, InputsOf, PushConnection, RunProgress, RunResult } from '../../types.ts'
import { type WaitOptions, watchRules } from '../run/options.ts'
import { cancelMs } from '../run/poll.ts'
import { submit } from '../run/submit.ts'
import { followResult } from '../run/waitForResult.ts'
import { createBatch, isRate } from './createBatch.ts'

/** What came of one item of {@link executeMany}. */
export type ManyResult<V = RunResult> = { index: number; runId?: string } & (
  | { status: 'fulfilled'; value: V }
  | { status: 'rejected'; reason: unknown }
)

/** Options of {@link executeMany}. */
export interface ExecuteManyOptions
  extends Pick<WaitOptions, 'signal' | 'headers' | 'timeoutMs' | 'cancelOn'> {
  /** How many submissions go on at a time; runs that were submitted don't count. Default 4. */
  concurrency?: number | undefined
  /**
   * Puts the runs in a group, which makes the waits cheaper. Or gives each item a group of its own, by its index, with
   * nothing else in it: a run that an earlier call started is found there and not paid for again, also where that call was
   * killed or an answer was lost. This costs a request for each item that is not in `submitted`, and new runs start 5 s after
   * the call, since a server may list a run that late. An item whose group another item has is refused.
   */
  groupId?: string | ((index: number) => string) | undefined
  arrays?: 'repeat' | 'indexed' | undefined
  /** Pause between two rounds of the shared wait, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Limit of the requests of the shared wait; submissions and cancels are not among them. Default 20. */
  maxRequestsPerSecond?: number | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents`: finished runs are fetched at once; otherwise the list is read
   * every 30 s at most.
   */
  push?: PushConnection | undefined
  /**
   * Run ids by index in `inputsList`, of an earlier start: those are waited for and not paid for again. New ones are added
   * as they are submitted, before `onSubmitted` is called. An index that `inputsList` lacks is left alone.
   */
  submitted?: Map<number, string> | undefined
  /** Called with each run that was submitted; awaited before the next submission of its turn. */
  onSubmitted?: ((index: number, runId: string) => unknown) | undefined
  /** Called with each change of an item's progress, state or place in the queue. An error of it ends the item. */
  onProgress?: ((index: number, progress: RunProgress) => unknown) | undefined
  /** Called with each item as it ends. */
  onResult?: ((result: ManyResult) => unknown) | undefined
}

/**
 * How long after a call starts, in ms, no group of an item is taken for empty: a run that was under way when an earlier
 * call was killed may be listed late.
 */
const listMs = 5000

// Made when it is needed: read from another table at the top level, it would stay in every bundle.
const makeRules = (): Record<keyof ExecuteManyOptions, Rule> => {
  const { maxPolls: concurrency, ...rules } = watchRules
  return {
    ...executeRules,
    ...rules,
    groupId: (value) => isFunction(value) === true || executeRules.groupId(value),
    pollIntervalMs: isMs,
    concurrency,
    maxRequestsPerSecond: isRate,
    submitted: (value) =>
      (value instanceof Map &&
        [...value].every(([index, id]) => Number.isInteger(index) && isId(id) === true)) ||
      'a Map of indexes to run ids',
    onSubmitted: isFunction,
    onProgress: isFunction,
    onResult: isFunction,
  }
}

/**
 * Runs a workflow on many inputs: bounded submission, one shared wait, results in the order of `inputsList`. One that
 * fails takes no other along. `concurrency` bounds the submissions; how many runs are under way at a time is up to the
 * server, and `timeoutMs` counts for each run from its submission and `onSubmitted`.
 *
 * After an abort nothing more is submitted, and every item ends with its reason: at once, but for callbacks, which are
 * awaited, and a submission under way. That has 5 s to tell its id, or else ends with an error that has `maybeSubmitted`.
 * The runs go on unless `cancelOn` says otherwise. To go on, call it again with the same `inputsList`: it waits for the
 * runs that are in `submitted`, and submits the others. An item whose error has `maybeSubmitted`, and those that were being
 * submitted when a process was killed, may have a run that is not in there: with a `groupId` for each item that is found,
 * else it is paid for again.
 *
 * @throws {@link ArgumentError} for a wrong option; what `onSubmitted` or `onResult` throws, after everything that was
 * submitted has ended. All else is in the results.
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
  options: ExecuteManyOptions = {},
): Promise<ManyResult[]> {
  const secrets = reveal(client)
  checkOptions(options, makeRules())
  check('workflowId', workflowId, isId)
  if (!Array.isArray(inputsList)) throw new ArgumentError('inputsList must be an array')
  const { concurrency = 4, groupId: group, arrays, onSubmitted, onResult, onProgress, signal } = options
  const { submitted = new Map<number, string>(), timeoutMs, cancelOn, pollIntervalMs } = options
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
  /** What a callback of the caller threw. */
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

  const wait = async (index: number, runId: string, names?: readonly string[], submittedAt?: number) => {
    const rest = { timeoutMs, cancelOn, pollIntervalMs, signal }
    let result: ManyResult
    try {
      const value = await followResult(
        batched,
        runId,
        onProgress ? { ...rest, onProgress: (progress) => onProgress(index, progress) } : rest,
        { names, submittedAt },
      )
      result = { index, runId, status: 'fulfilled', value: (secrets.toValue?.(value) ?? value) as RunResult }
    } catch (reason) {
      result = { index, runId, status: 'rejected', reason }
    }
    await end(result)
  }

  // As it is now, whatever the caller does with it.
  const items = [...inputsList] as Inputs[]
  const listedAt = Date.now() + listMs

  /** The run of an item that was started before, if its group holds one. */
  const find = async (groupId: string): Promise<string | undefined> => {
    const { data } = await getRuns(own, { groupId, signal })
    // Not one of others, where a server does not look at the group.
    const run = data.runs.find(
      ({ group_id, workflow_id }) =>
        (group_id ?? groupId) === groupId && (workflow_id ?? workflowId) === workflowId,
    )
    if (run) check('_id of the run in its group', run._id, isId)
    return run?._id
  }

  /** Starts the run of an item, or finds one that was started before, and waits for it. */
  const start = async (index: number): Promise<void> => {
    let runId = submitted.get(index)
    let names: readonly string[] | undefined
    let submittedAt: number | undefined
    if (!runId) {
      try {
        const groupId = hasOwnGroups ? group(index) : group
        if (hasOwnGroups) {
          // The run that is found in it would be taken for that of each.
          check('groupId', groupId, (id) => (groups.has(id) ? 'another for each item' : isId(id)))
          groups.add(groupId)
          runId = await find(groupId!)
          const ms = listedAt - Date.now()
          if (!runId && ms > 0) {
            await sleep(ms, signal && AbortSignal.any([signal]))
            runId = await find(groupId!)
          }
        }
        // Nothing new is paid for when the caller can't take note of it.
        if (!runId && thrown.length) return
        if (!runId) {
          const execution = await submitItem(index, groupId)
          runId = execution.run_id
          names = execution.output_names
          submittedAt = Date.now()
        }
      } catch (reason) {
        return end({ index, status: 'rejected', reason })
      }
      submitted.set(index, runId)
      await call(onSubmitted, index, runId)
    }
    waits.push(wait(index, runId, names, submittedAt))
  }

  const submitItem = (index: number, groupId: string | undefined) => {
    const sentAt = new Date()
    /** What an item ends with after an abort: who starts again must know what may have been paid for. */
    const toError = (error: unknown) => {
      const { name, maybeSubmitted } = Object(error)
      if (error === signal!.reason || name !== 'AbortError') return maybeSubmitted ? error : signal!.reason
      return new NetworkError(`Item ${index} got no answer: aborted`, {
        cause: signal!.reason,
        maybeSubmitted: true,
        submittedAt: sentAt,
        workflowId,
        groupId,
      })
    }
    // Of its own, so that the caller's is not crowded with listeners.
    const controller = new AbortController()
    const unfollow = signal && batch.follow(signal, () => controller.abort(signal.reason))
    const options = { groupId, arrays, signal: controller.signal }
    return submit(own, workflowId, items[index]!, options, { graceMs: cancelMs, toError }).finally(unfollow)
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
