import { getEventListeners } from 'node:events'
import { getRuns, isFlowScaleError } from '@flowscale/client'
import { executeMany, type ManyResult } from '@flowscale/client/poller'
import { assertNoCanary } from '../../support/canary.ts'
import { createTally, percentile } from '../lib/finding.ts'
import { within } from '../lib/guard.ts'
import {
  AT_A_TIME,
  calmClient,
  cancelRuns,
  clientOf,
  type End,
  endOf,
  inputsOf,
  listOf,
  type Setup,
  STUCK_MS,
  type UnsteadyList,
  WORKFLOW,
} from './setup.ts'

interface Submitted {
  counts: UnsteadyList['counts']
  lines: string[]
}

/** `executeMany`, and what became of each item, beside what the server did. */
export async function submitMany(setup: Setup, isHostile: boolean): Promise<Submitted> {
  const { seed, count, failures } = setup
  const name = isHostile ? 'executeMany under faults' : 'executeMany'
  const list = listOf(setup, isHostile)
  const ends = createTally()
  const timedOut = new Set<number>()
  const late: number[] = []
  const submitted = new Map<number, string>()
  const startedAt = new Map<number, number>()
  const told = new Set<number>()
  const { signal } = new AbortController()
  // Many times what any of them takes, with the pauses that faults make; nothing reaches it where there are none.
  const timeoutMs = !isHostile ? 120_000 : count > 100 ? 15_000 : 8000
  const groupId = name.replaceAll(' ', '-')
  let listeners = 0
  const end = (index: number): End => {
    const drawn = endOf(setup, index)
    // There is nobody who cancels.
    return isHostile && drawn !== 'cancelled' ? drawn : 'completed'
  }
  const say = (index: number, what: string): void =>
    void failures.push(`${name}, item ${index}, seed ${seed}: ${what}`)
  const look = (): void => {
    listeners = Math.max(listeners, getEventListeners(signal, 'abort').length)
  }

  const results = await within(
    STUCK_MS,
    name,
    executeMany(
      clientOf(setup, list, isHostile),
      WORKFLOW,
      Array.from({ length: count }, (_, index) => inputsOf(setup, index, end(index))),
      {
        concurrency: AT_A_TIME,
        groupId,
        signal,
        submitted,
        timeoutMs,
        onSubmitted(index) {
          startedAt.set(index, Date.now())
          look()
        },
        onResult(result) {
          look()
          told.add(result.index)
          if (!('reason' in result)) return
          const { name, reason } = result.reason as { name?: string; reason?: string }
          if (name !== 'TimeoutError' || reason !== 'deadline') return
          late.push(Date.now() - startedAt.get(result.index)! - timeoutMs)
        },
      },
    ),
  )

  // Above a timer's millisecond it ended too early.
  for (const ms of late) if (ms < -2) failures.push(`${name}: a deadline was ${-ms} ms early`)
  if (listeners > 1) failures.push(`${name}: ${listeners} listeners on the caller's signal`)
  if (getEventListeners(signal, 'abort').length) failures.push(`${name}: a listener is left`)
  if (results.length !== count || told.size !== count)
    failures.push(`${name}: ${results.length} results, ${told.size} told of`)
  for (const [index, result] of results.entries()) {
    if (result.index !== index) say(index, `stands where ${index} should`)
    const how = judge(result, end(index), (what) => say(index, what))
    if (!isHostile && how !== 'completed') say(index, `there were no faults, and it is ${how}`)
    if (how === 'at the deadline') timedOut.add(index)
    ends.add(how)
  }

  const { started, over } = await startedBy(setup, groupId)
  let known = 0
  for (const [index, runIds] of started) {
    if (runIds.length > 1) say(index, `started ${runIds.length} runs`)
    const result = results[index]!
    const error = 'reason' in result ? (result.reason as { runId?: string; maybeSubmitted?: true }) : {}
    const ids = [submitted.get(index), result.runId, error.runId]
    if (runIds.every((runId) => ids.includes(runId)) || error.maybeSubmitted) known++
    else say(index, `run ${runIds} was started, and the caller was not told`)
  }
  for (const [index, runId] of submitted) {
    if (!started.get(index)?.includes(runId)) say(index, `run ${runId} is not of this item`)
    // One that was sent late, after a 429, may be queued behind one that never ends.
    // Nor on a slow machine is it half of the time until an end is seen.
    const seenBy = startedAt.get(index)! + timeoutMs / 2
    if (timedOut.has(index) && over.get(runId)! < seenBy)
      say(index, 'reached its deadline, and its run had ended long before')
  }
  await cancelRuns(
    setup,
    [...started].flatMap(([index, runIds]) => (end(index) === 'never' ? runIds : [])),
  )
  const { executes, lists, runs, outputs } = list.counts
  if (!isHostile && (executes !== count || outputs > count))
    failures.push(`${name}: ${executes} executes and ${outputs} requests for outputs of ${count} items`)
  const { missing, backwards } = list.spoiled
  return {
    counts: list.counts,
    lines: [
      `${name}, ${count} items: ${ends.text()}; started ${started.size}, of them known ${known}`,
      `  requests: ${executes} executes, ${lists} lists, ${runs} for a run, ${outputs} for an output`,
      ...(isHostile ? [`  lists lacked ${missing} runs, and showed ${backwards} as they had been`] : []),
      ...(late.length
        ? [
            `  past the deadline: median ${percentile(late, 0.5)} ms, p99 ${percentile(late, 0.99)} ms (of ${late.length})`,
          ]
        : []),
    ],
  }
}

/** What to call an end; says what is wrong with it. */
function judge(result: ManyResult, end: End, say: (what: string) => void): string {
  if (result.status === 'fulfilled') {
    assertNoCanary(result.value, 'a result')
    if (end !== 'completed') say(`ended well, and was to be ${end}`)
    if (result.value.runId !== result.runId || result.value.outputs.length !== 1) say('has not its result')
    return 'completed'
  }
  const { reason } = result
  if (!isFlowScaleError(reason)) {
    say(`ended with ${String(reason)}`)
    return 'wrong'
  }
  assertNoCanary(reason, 'an error')
  if (!result.runId) {
    const { maybeSubmitted, name } = reason as { maybeSubmitted?: true; name: string }
    return maybeSubmitted ? 'maybe submitted' : `not submitted (${name})`
  }
  if ((reason as { runId?: string }).runId !== result.runId) say(`its error has not its runId: ${reason}`)
  if (reason.name === 'TimeoutError' && reason.reason === 'deadline') return 'at the deadline'
  if (reason.name === 'RunError' && reason.status === end) return end
  say(`was to be ${end}, ended with ${reason}`)
  return 'wrong'
}

/** The runs that the server started, by item, and when those ended that have. */
async function startedBy(
  setup: Setup,
  groupId: string,
): Promise<{ started: Map<number, string[]>; over: Map<string, number> }> {
  await setup.server.setChance(0)
  await setup.server.settled()
  const { data } = await getRuns(calmClient(setup), { groupId })
  const started = new Map<number, string[]>()
  const over = new Map<string, number>()
  for (const { _id, inputs, status, completed_at } of data.runs) {
    const index = Number(/item (\d+)/.exec(JSON.stringify(inputs))?.[1])
    started.set(index, [...(started.get(index) ?? []), _id])
    if (/^(completed|failed|cancelled)$/.test(status)) over.set(_id, Date.parse(`${completed_at}`))
  }
  return { started, over }
}
