import { WebSocket } from 'ws'
import type { Heard, Listener } from './types.ts'

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')

/** What a recording shows of a message. */
function show(data: Buffer, isBinary: boolean): Heard {
  if (!isBinary) return { text: JSON.parse(String(data)) }
  const shown = { binary: true, event_type: data.readUInt32BE(0) } as const
  if (shown.event_type === 1) {
    return { ...shown, image_type: data.readUInt32BE(4), payload_starts_hex: hex(data.subarray(8, 20)) }
  }
  const length = data.readUInt32BE(4)
  return {
    ...shown,
    metadata_length: length,
    metadata: JSON.parse(data.toString('utf8', 8, 8 + length)),
    payload_starts_hex: hex(data.subarray(8 + length, 20 + length)),
  }
}

/** Opens a socket that keeps what it hears. */
export async function openSocket(url: string): Promise<Listener> {
  const socket = new WebSocket(url)
  const messages: Heard[] = []
  socket.on('error', () => {})
  const first = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      messages.push(show(data, isBinary))
      resolve()
    })
  })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await Promise.race([first, closed])
  return {
    messages,
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    close() {
      socket.close()
      return closed
    },
  }
}
