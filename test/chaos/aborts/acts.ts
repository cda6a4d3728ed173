import { type Client, downloadOutput, executeWorkflow, HttpError, iterateRuns } from '@flowscale/client'
import {
  createRunWatcher,
  executeMany,
  executeWorkflowAsync,
  waitForOutput,
  waitForResult,
  waitForRun,
  watchRun,
} from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import WebSocket from 'ws'
import { operations } from '../../support/operations.ts'

type Act = (client: Client, signal: AbortSignal) => Promise<unknown>

async function drain(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable);
}
const upload = new Uint8Array(1_000_000)
const wait = { pollIntervalMs: 3, timeoutMs: 60_000 }
const connect = (client: Client, signal: AbortSignal) =>
  connectWebSocket(client, { signal, WebSocket, reconnectInterval: 3, maxReconnectAttempts: Infinity })
/** As the first of a list that was aborted; what had not ended by then must have been, too. */
function aborted(list: readonly object[], { reason }: AbortSignal): void {
  const reasons = list.map((one) => ('reason' in one ? one.reason : 'a result'))
  /** Of a submission that did not tell its id in time: an error of ours, with the reason as its cause. */
  const isReason = (one: unknown) =>
    Object.is(one, reason) || (Object(one).maybeSubmitted && Object.is(Object(one).cause, reason))
  const odd = reasons.find((one) => !isReason(one) && !(one instanceof HttpError))
  if (odd) throw odd
  if (reasons.some(isReason)) throw reason
}

/** Each thing that takes a signal. */
export const acts: Readonly<Record<string, Act>> = {
  ...Object.fromEntries(
    Object.entries(operations).map(([name, run]): [string, Act] => [
      name,
      (client, signal) => run(client, { signal }),
    ]),
  ),
  upload: (client, signal) => executeWorkflow(client, 'w', { a: upload }, { signal }),
  iterateRuns: (client, signal) => drain(iterateRuns(client, { signal })),
  downloadOutput: async (client, signal) => {
    const response = await downloadOutput(client, `${client.baseUrl}/file`, { signal })
    await response.arrayBuffer()
  },
  'downloadOutput by name': async (client, signal) => {
    await (await downloadOutput(client, 'a.png', { signal })).arrayBuffer()
  },
  waitForRun: (client, signal) => waitForRun(client, 'r', { ...wait, signal }),
  waitForOutput: (client, signal) => waitForOutput(client, 'a.png', { ...wait, signal }),
  waitForResult: (client, signal) => waitForResult(client, 'r', { ...wait, signal }),
  watchRun: (client, signal) => drain(watchRun(client, 'r', { ...wait, signal })),
  executeWorkflowAsync: (client, signal) =>
    executeWorkflowAsync(client, 'w', { a: 'b' }, { ...wait, signal }),
  'one of a watcher': (client, signal) =>
    createRunWatcher(client, { pollIntervalMs: 3 }).wait('r', { timeoutMs: 60_000, signal }),
  'all of a watcher': async (client, signal) => {
    const watcher = createRunWatcher(client, { groupId: 'g', pollIntervalMs: 3 })
    const [settled] = await Promise.all([
      watcher.waitAll(['r', 'r1', 'r2'], { timeoutMs: 60_000, signal }),
      drain(watcher),
    ])
    aborted(settled, signal)
  },
  'a watcher with push': async (client, signal) => {
    const push = connect(client, signal)
    const { waitAll } = createRunWatcher(client, { push })
    aborted(await waitAll(['r', 'r1'], { timeoutMs: 60_000, signal }), signal)
  },
  executeMany: async (client, signal) => {
    // Two that wait, and one that is submitted: after an abort it has 5 s to tell its id.
    const submitted = new Map([
      [0, 'r'],
      [1, 'r1'],
    ])
    const options = { ...wait, signal, submitted }
    aborted(await executeMany(client, 'w', [{}, {}, { a: 'b' }], options), signal)
  },
  'socket, iterated': (client, signal) => drain(connect(client, signal)),
  'socket, opened': async (client, signal) => {
    const connection = connect(client, signal)
    await connection.opened
    await drain(connection)
  },
  'wait with push': async (client, signal) => {
    const push = connect(client, signal)
    await waitForRun(client, 'r', { ...wait, signal, push })
  },
}
