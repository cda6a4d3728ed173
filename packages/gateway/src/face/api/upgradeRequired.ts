import { failure } from '../answers.ts'
import type { Call } from '../types.ts'

/** What is asked of the WebSocket's address without a handshake; the server around this does the real ones. */
export function upgradeRequired({ face }: Call): Response {
  const answer = failure(face.dialect, 426, 'Upgrade Required: this address speaks WebSocket')
  answer.headers.set('upgrade', 'websocket')
  return answer
}
