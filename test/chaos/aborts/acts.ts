import WebSocket from 'ws'
import { cancelRun } from '../../../packages/client/src/api/cancelRun.ts'
import { checkHealth } from '../../../packages/client/src/api/checkHealth.ts'
import { downloadOutput } from '../../../packages/client/src/api/downloadOutput.ts'
import { executeWorkflow } from '../../../packages/client/src/api/executeWorkflow.ts'
import { getOutput } from '../../../packages/client/src/api/getOutput.ts'
import { getQueue } from '../../../packages/client/src/api/getQueue.ts'
import { getRun } from '../../../packages/client/src/api/getRun.ts'
import { getRuns } from '../../../packages/client/src/api/getRuns.ts'
import { getWorkflows } from '../../../packages/client/src/api/getWorkflows.ts'
import { iterateRuns } from '../../../packages/client/src/api/iterateRuns.ts'
import { executeWorkflowAsync } from '../../../packages/client/src/poller/executeWorkflowAsync.ts'
import { waitForOutput } from '../../../packages/client/src/poller/waitForOutput.ts'
import { waitForResult } from '../../../packages/client/src/poller/waitForResult.ts'
import { waitForRun } from '../../../packages/client/src/poller/waitForRun.ts'
import { watchRun } from '../../../packages/client/src/poller/watchRun.ts'
import type { Client } from '../../../packages/client/src/types.ts'
import { connectWebSocket } from '../../../packages/client/src/websocket/connectWebSocket.ts'

type Act = (client: Client, signal: AbortSignal) => Promise<unknown>

async function drain(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable);
}
const upload = new Uint8Array(1_000_000)
const wait = { pollIntervalMs: 3, timeoutMs: 60_000 }
const connect = (client: Client, signal: AbortSignal) =>
  connectWebSocket(client, { signal, WebSocket, reconnectInterval: 3, maxReconnectAttempts: Infinity })

/** Each thing that takes a signal. */
export const acts: Readonly<Record<string, Act>> = {
  checkHealth: (client, signal) => checkHealth(client, { signal }),
  getQueue: (client, signal) => getQueue(client, { signal }),
  getWorkflows: (client, signal) => getWorkflows(client, { signal }),
  executeWorkflow: (client, signal) => executeWorkflow(client, 'w', { a: 'b' }, { signal }),
  upload: (client, signal) => executeWorkflow(client, 'w', { a: upload }, { signal }),
  getOutput: (client, signal) => getOutput(client, 'a.png', { signal }),
  cancelRun: (client, signal) => cancelRun(client, 'r', { signal }),
  getRun: (client, signal) => getRun(client, 'r', { signal }),
  getRuns: (client, signal) => getRuns(client, { signal }),
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
