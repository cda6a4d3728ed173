import { toJson } from '../python/toJson.ts'
import type { Life, Socket } from '../types.ts'

/** How many runs wait or are performed. */
export const remaining = ({ pending, running }: Life): number => pending.length + running.length

export const statusOf = (life: Life): Record<string, unknown> => ({
  status: { exec_info: { queue_remaining: remaining(life) } },
})

/** The sockets that a message is for: that of the id, or all. */
function receivers(life: Life, to: unknown): Socket[] {
  if (to === null || to === undefined) return [...life.sockets.values()]
  const socket = typeof to === 'string' ? life.sockets.get(to) : undefined
  return socket ? [socket] : []
}

/** Sends a message to one client, or to all of them. One that is not JSON ends the server. */
export function send(life: Life, type: string, data: unknown, to?: unknown): void {
  for (const { ws } of receivers(life, to)) {
    try {
      ws.send(toJson({ type, data }))
    } catch {
      life.crash()
    }
  }
}

export const sendStatus = (life: Life): void => send(life, 'status', statusOf(life))

const bytes = (value: number): Buffer => {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(value)
  return four
}

/** Sends a preview to those who asked for its metadata, or to those who did not. */
export function sendPreview(
  life: Life,
  picture: Uint8Array,
  metadata: Record<string, unknown>,
  isWithMetadata: boolean,
): void {
  for (const socket of receivers(life, life.clientId)) {
    if (socket.metadata !== isWithMetadata) continue
    const about = Buffer.from(toJson({ ...metadata, image_type: 'image/jpeg' }))
    const head = isWithMetadata ? [bytes(4), bytes(about.length), about] : [bytes(1), bytes(1)]
    socket.ws.send(Buffer.concat([...head, picture]))
  }
}
