/** Opens a WebSocket that only listens, and gives the function that closes it. What fails is silence. */
export function openSocket(url: string, hear: (type: string, data: object) => void): () => void {
  let socket: Pick<WebSocket, 'close'> | undefined
  let closed = false
  void open().catch(() => {})
  return () => {
    closed = true
    socket?.close()
  }

  async function open(): Promise<void> {
    // Node has had one since 22.
    const Socket = globalThis.WebSocket ?? ((await import('ws')).WebSocket as unknown as typeof WebSocket)
    if (closed) return
    const opened = new Socket(url)
    socket = opened
    opened.addEventListener('error', () => {})
    opened.addEventListener('message', ({ data }: { data: unknown }) => {
      // Previews are binary.
      if (closed || typeof data !== 'string') return
      try {
        const message = JSON.parse(data) as { type?: unknown; data?: unknown } | null
        if (typeof message?.type === 'string' && typeof message.data === 'object' && message.data !== null) {
          hear(message.type, message.data)
        }
      } catch {}
    })
  }
}
