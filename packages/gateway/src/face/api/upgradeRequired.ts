import { failure } from '../../http/answers.ts'
import type { Call } from '../../http/types.ts'

/** Answers a request to the WebSocket's address that is no handshake. The server answers the handshakes. */
export function upgradeRequired({ face }: Call): Response {
  const answer = failure(face.dialect, 426, 'Upgrade Required: this address speaks WebSocket')
  answer.headers.set('upgrade', 'websocket')
  return answer
}
