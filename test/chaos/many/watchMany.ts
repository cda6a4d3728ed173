import { getEventListeners } from 'node:events'
import { executeWorkflow, isFlowScaleError, type PushConnection } from '@flowscale/client'
import { createRunWatcher } from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import { WebSocket } from 'ws'
import { assertNoCanary } from '../../support/canary.ts'
import { createTally, percentile } from '../lib/finding.ts'
import { inParallel, within } from '../lib/guard.ts'
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
  WORKFLOW,
} from './setup.ts'

/** One watcher, under faults: each wait ends as its run did, at its deadline or by the abort. */
export async function watchMany(setup: Setup, withPush: boolean, chance: number): Promise<string[]> {
  const { server, seed, count, failures } = setup
  const name = withPush ? 'a watcher with push' : 'a watcher'
  const groupId = name.replaceAll(' ', '-')
  const calm = calmClient(setup)
  await server.setChance(0)
  const runIds: string[] = []
  await inParallel(count, AT_A_TIME, async (index) => {
    const { data } = await executeWorkflow(calm, WORKFLOW, inputsOf(setup, index, endOf(setup, index)), {
      groupId,
    })
    runIds[index] = data.run_id
  })
  const those = (end: End): string[] => runIds.filter((_, index) => endOf(setup, index) === end)

  await server.setChance(chance)
  const list = listOf(setup, true)
  const client = clientOf(setup, list, true)
  const connection = withPush
    ? connectWebSocket(client, {
        WebSocket,
        reconnectInterval: 20,
        maxReconnectAttempts: Number.POSITIVE_INFINITY,
        idleTimeoutMs: 2000,
      })
    : undefined
  let pushListeners = 0
  const push: PushConnection | undefined = connection && {
    get connected() {
      return connection.connected
    },
    watch(runId, listener) {
      pushListeners++
      const watch = connection.watch(runId, listener)
      return {
        pauseMs: watch.pauseMs,
        stop() {
          pushListeners--
          watch.stop()
        },
      }
    },
  }
  const watcher = createRunWatcher(client, { groupId, push })
  const controller = new AbortController()
  const { signal } = controller
  const reason = { of: 'the caller' }
  const ends = createTally()
  const late: number[] = []
  const iterated = new Set<string>()
  const shortMs = count > 100 ? 3750 : 625
  const say = (index: number, what: string): void =>
    void failures.push(`${name}, run ${index}, seed ${seed}: ${what}`)
  let listeners = 0
  let ended = 0

  const waits = runIds.map(async (runId, index) => {
    const end = endOf(setup, index)
    const start = Date.now()
    let terminal = ''
    // Of those that never end, some wait for their deadline, the others for the abort.
    const isShort = end === 'never' && index % 2 === 0
    const ownMs = isShort ? shortMs : STUCK_MS * 2
    const onUpdate = ({ status }: { status: string }): void => {
      if (terminal) say(index, `${terminal} was undone by ${status}`)
      if (/^(completed|failed|cancelled)$/.test(status)) terminal = status
    }
    try {
      const run = await watcher.wait(runId, {
        signal,
        timeoutMs: ownMs,
        ...(index % 3 === 0 && { onUpdate }),
      })
      ended++
      if (run._id !== runId || end !== 'completed') say(index, `is ${run.status}, and was to be ${end}`)
      ends.add('completed')
    } catch (error) {
      if (error === reason) {
        ends.add('aborted')
        if (end !== 'never' || isShort) say(index, `was to be ${end}, and waited until the abort`)
        return
      }
      if (!isFlowScaleError(error)) return say(index, `ended with ${error}`)
      assertNoCanary(error, 'an error')
      if ((error as { runId?: string }).runId !== runId) say(index, `an error without its runId: ${error}`)
      if (error.name === 'RunError' && error.status === end) {
        ended++
        ends.add(end)
      } else if (error.name === 'TimeoutError' && error.reason === 'deadline') {
        late.push(Date.now() - start - ownMs)
        ends.add('at the deadline')
        if (!isShort) say(index, `was to be ${end}, and reached its deadline`)
      } else say(index, `was to be ${end}, ended with ${error}`)
    }
  })
  const reading = (async () => {
    for await (const { _id } of watcher) {
      iterated.add(_id)
      listeners = Math.max(listeners, getEventListeners(signal, 'abort').length)
    }
  })()
  await cancelRuns(setup, those('cancelled'))
  // Once all others have ended, however long that takes here.
  const others = waits.filter((_, index) => endOf(setup, index) !== 'never' || index % 2 === 0)
  Promise.all(others).then(() => controller.abort(reason))
  try {
    await within(STUCK_MS, name, Promise.all([...waits, reading]))
  } finally {
    watcher.close()
    connection?.close()
  }
  for (const ms of late) if (ms < -2) failures.push(`${name}: a deadline was ${-ms} ms early`)
  if (listeners > 1) failures.push(`${name}: ${listeners} listeners on one signal or connection`)
  if (pushListeners || getEventListeners(signal, 'abort').length) failures.push(`${name}: a listener is left`)
  if (iterated.size !== ended) failures.push(`${name}: ${ended} runs ended, ${iterated.size} were told of`)
  await server.setChance(0)
  await cancelRuns(setup, those('never'))
  const { lists, runs } = list.counts
  const { missing, backwards } = list.spoiled
  return [
    `${name} of ${count} runs under faults: ${ends.text()}`,
    `  requests: ${lists} lists, ${runs} for a run; lists lacked ${missing} runs, and showed ${backwards} as they had been`,
    `  past the deadline: median ${percentile(late, 0.5)} ms, p99 ${percentile(late, 0.99)} ms (of ${late.length})`,
  ]
}
