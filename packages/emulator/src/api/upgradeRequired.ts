import { failure } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'

/** What is asked of the WebSocket's address without a handshake; the server around this does the real ones. */
export function upgradeRequired({ pod }: Call): Response {
  const answer = failure(pod.settings.dialect, 426, 'Upgrade Required: this address speaks WebSocket')
  answer.headers.set('upgrade', 'websocket')
  return answer
}
