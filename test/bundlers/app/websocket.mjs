import { createClient } from '@flowscale/client'
import { connectWebSocket, subscribeToRun } from '@flowscale/client/websocket'

globalThis.app = async ({ options, runId }) => {
  const connection = connectWebSocket(createClient(options))
  subscribeToRun(connection, runId)
  for await (const { data } of connection) {
    if (data.run_id !== runId) continue
    connection.close()
    return data.status
  }
}
