import { reveal } from '../internal/secrets.ts'
import type { Client } from '../types.ts'
import { socketError } from './socketError.ts'
import type { Opening, WebSocketLike, WebSocketOptions } from './types.ts'

/** On Cloudflare Workers only an upgraded fetch can set headers. */
export async function upgrade(
  client: Client,
  url: URL,
  headers: Record<string, string>,
  protocols: WebSocketOptions['protocols'],
  signal: AbortSignal,
): Promise<Opening> {
  const { fetch = globalThis.fetch } = reveal(client)
  let response: Response & { webSocket?: WebSocketLike & { accept(): void } }
  try {
    response = await fetch(url.href.replace('ws', 'http'), {
      method: 'GET',
      redirect: 'manual',
      signal,
      headers: {
        ...headers,
        Upgrade: 'websocket',
        ...(protocols && { 'Sec-WebSocket-Protocol': `${protocols}` }),
      },
    })
  } catch (error) {
    throw socketError('did not open', error)
  }
  const { webSocket: socket, status } = response
  if (socket) {
    socket.accept()
    return { socket, isOpen: true }
  }
  response.body?.cancel().catch(() => {})
  return { error: socketError('did not open', `status ${status}`), status }
}
