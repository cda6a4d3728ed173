import { executeRules, executeWorkflow } from '../api/executeWorkflow.ts'
import { getRuns } from '../api/getRuns.ts'
import { ArgumentError, NetworkError } from '../errors.ts'
import { check, checkOptions, isFunction, isId, isMs, type Rule } from '../internal/options.ts'
import type { Client, Inputs, PollHistory, PushConnection, RunResult } from '../types.ts'
import type { WaitForResultOptions } from './followResult.ts'
import { legal } from './outputNames.ts'
import { watchRules } from './pollOptions.ts'
import { isRate, shareRequests } from './shareRequests.ts'
import { shareSignal } from './shareSignal.ts'
import { cancelMs } from './tryCancel.ts'
import { waitForResult } from './waitForResult.ts'
import { withGrace } from './withGrace.ts'

/** What came of one item of {@link executeMany}. */
export type ManyResult = { index: number; runId?: string } & (
  | { status: 'fulfilled'; value: RunResult }
  | { status: 'rejected'; reason: unknown }
)

/** Options of {@link executeMany}. */
export interface ExecuteManyOptions
  extends Pick<WaitForResultOptions, 'signal' | 'headers' | 'timeoutMs' | 'cancelOn'> {
  /** How many submissions go on at a time; runs that were submitted don't count. Default 4. */
  concurrency?: number | undefined
  /**
   * Puts the runs in a group, which makes the waits cheaper. Or gives each item a group of its own, by its index, that
   * nothing else is in: then its group is asked for a run before it is submitted, so that none is paid for twice, not even
   * where the process was killed or an answer was lost. That is one request for each item that is not in `submitted`. An
   * item whose group another one has is refused.
   */
  groupId?: string | ((index: number) => string) | undefined
  arrays?: 'repeat' | 'indexed' | undefined
  /** Pause between two rounds of the shared wait, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Limit of the requests of the shared wait; submissions and cancels are not among them. Default 20. */
  maxRequestsPerSecond?: number | undefined
  /** A connection of `connectWebSocket`: what it tells of is asked for at once, together, and else rarely. */
  push?: PushConnection | undefined
  /**
   * Run ids by index in `inputsList`, of an earlier start: those are waited for and not paid for again. New ones are added
   * as they are submitted, before `onSubmitted` is told. An index that `inputsList` has not is left alone.
   */
  submitted?: Map<number, string> | undefined
  /** Told of each run that was submitted; awaited before the next submission of its turn. */
  onSubmitted?: ((index: number, runId: string) => unknown) | undefined
  /** Told of each item as it ends. */
  onResult?: ((result: ManyResult) => unknown) | undefined
}

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
    onResult: isFunction,
  }
}

/**
 * Runs a workflow on many inputs: bounded submission, one shared wait, results in the order of `inputsList`. One that
 * fails takes no other along. `concurrency` bounds the submissions; how many runs are under way at a time is up to the
 * server, and `timeoutMs` counts for each from when it was submitted, and `onSubmitted` told.
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
export async function executeMany(
  client: Client,
  workflowId: string,
  inputsList: readonly Inputs[],
  options: ExecuteManyOptions = {},
): Promise<ManyResult[]> {
  checkOptions(options, makeRules())
  check('workflowId', workflowId, isId)
  if (!Array.isArray(inputsList)) throw new ArgumentError('inputsList must be an array')
  const { concurrency = 4, groupId: group, arrays, onSubmitted, onResult, signal, headers } = options
  const {
    submitted = new Map<number, string>(),
    timeoutMs,
    cancelOn,
    pollIntervalMs: usualMs = 1000,
  } = options
  const hasOwnGroups = typeof group === 'function'
  const groups = new Set<unknown>()
  const shared = shareRequests(client, { ...options, groupId: hasOwnGroups ? undefined : group })
  const withSignal = shareSignal()
  const results: ManyResult[] = []
  const waits: Promise<void>[] = []
  /** What a callback of the caller threw. */
  const thrown: unknown[] = []
  const tell = async <T extends unknown[]>(callback: ((...all: T) => unknown) | undefined, ...all: T) => {
    try {
      await callback?.(...all)
    } catch (error) {
      thrown.push(error)
    }
  }

  const end = async (result: ManyResult) => {
    results[result.index] = result
    await tell(onResult, result)
  }

  // The pause is that of the shared rounds. Outputs are not asked for in those, on servers that tell no runs.
  const pollIntervalMs: PollHistory = {
    begin: () => {
      let ms = usualMs
      return (run) => {
        if (run) ms = 1
        return ms
      }
    },
  }

  const follow = async (index: number, runId: string, outputNames: readonly string[]) => {
    const own = { timeoutMs, cancelOn, headers, outputNames, pollIntervalMs, push: shared.pushOf(runId) }
    const result = await withSignal(signal, (signal) =>
      waitForResult(shared.patient, runId, { ...own, signal }),
    ).then<ManyResult, ManyResult>(
      (value) => ({ index, runId, status: 'fulfilled', value }),
      (reason) => ({ index, runId, status: 'rejected', reason }),
    )
    await end(result)
  }

  // As it is now, whatever the caller does with it.
  const list = [...inputsList]

  /** Starts the run of an item, or finds one that was started before; gives its id and the names of its outputs. */
  const start = async (index: number): Promise<[runId: string, outputNames: readonly string[]]> => {
    const groupId = hasOwnGroups ? group(index) : group
    if (hasOwnGroups) {
      // The run that is found in it would be taken for that of each.
      check('groupId', groupId, (id) => (groups.has(id) ? 'another for each item' : isId(id)))
      groups.add(groupId)
      const { data } = await withSignal(signal, (signal) => getRuns(client, { groupId, signal, headers }))
      // Not one of others, where a server does not look at the group.
      const run = data.runs.find(
        ({ group_id, workflow_id }) =>
          (group_id ?? groupId) === groupId && (workflow_id ?? workflowId) === workflowId,
      )
      if (run) {
        check('_id of the run in its group', run._id, isId)
        return [run._id, []]
      }
    }
    const submittedAt = new Date()
    /** What an item ends with after an abort: who starts again must know what may have been paid for. */
    const explain = (error: unknown) => {
      const { name, maybeSubmitted } = Object(error)
      if (error === signal!.reason || name !== 'AbortError') return maybeSubmitted ? error : signal!.reason
      return new NetworkError(`Item ${index} got no answer: aborted`, {
        cause: signal!.reason,
        maybeSubmitted: true,
        submittedAt,
        workflowId,
        groupId,
      })
    }
    // An abort leaves it the time to tell the id: what was paid for must be known.
    const { data } = await withSignal(signal, (signal) =>
      withGrace(
        cancelMs,
        signal,
        headers,
        (signal, headers) =>
          executeWorkflow(client, workflowId, list[index]!, { groupId, arrays, signal, headers }),
        explain,
      ),
    )
    return [data.run_id, legal(data.output_names)]
  }

  const turns = list.keys()
  const work = async () => {
    for (const index of turns) {
      let runId = submitted.get(index)
      let outputNames: readonly string[] = []
      if (!runId) {
        // Nothing new is paid for after an abort, or when the caller can't take note of it.
        if (thrown.length) return
        try {
          ;[runId, outputNames] = await start(index)
        } catch (reason) {
          await end({ index, status: 'rejected', reason })
          continue
        }
        submitted.set(index, runId)
        await tell(onSubmitted, index, runId)
      }
      waits.push(follow(index, runId, outputNames))
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, list.length) }, work))
  await Promise.all(waits)
  if (thrown.length) throw thrown[0]
  return results
}
