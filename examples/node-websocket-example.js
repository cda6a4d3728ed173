// A run in real time on Node, with the `ws` package: npm install @flowscale/client ws
//   node examples/node-websocket-example.js "aurora over a lake"
import { createClient, executeWorkflow } from '@flowscale/client'
import { waitForResult } from '@flowscale/client/poller'
import { connectWebSocket, subscribeToRun } from '@flowscale/client/websocket'
import WebSocket from 'ws'

const baseUrl = process.env.FLOWSCALE_API_URL || 'http://127.0.0.1:4188'
const apiKey = process.env.FLOWSCALE_API_KEY || 'fsk_local_demo_key'

const prompt = process.argv[2] ?? 'aurora over a lake'
const client = createClient({ baseUrl, apiKey })

// Connect. After a drop it connects again by itself.
const connection = connectWebSocket(client, {
  WebSocket,
  onOpen: () => console.log('Connected'),
  onReconnect: (attempts) => console.log(`Connected again, attempt ${attempts}`),
  onClose: ({ code, final }) => console.log(`Closed (${code})${final ? '' : ', connecting again'}`),
  onError: (error) => console.error(`WebSocket: ${error.message}`),
})

try {
  // Execute. This needs no socket, so it waits for none.
  const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: prompt })
  const runId = data.run_id
  console.log(`Submitted ${runId}`)

  // Subscribe: sent now or as soon as the socket is open, and again after a reconnect.
  subscribeToRun(connection, runId)
  connection.listen((message) => {
    if (message?.type !== 'run_status_update' || message.data.run_id !== runId) return
    const { status, progress } = message.data
    console.log(`${status} ${Math.round(progress * 100)} %`)
  })

  // Wait. An update makes it ask at once; should the socket go silent, it polls.
  const { outputs } = await waitForResult(client, runId, { push: connection })
  for (const { filename, download_url } of outputs) console.log(`${filename}: ${download_url}`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  // Disconnect, or this process would not end.
  connection.close()
}
