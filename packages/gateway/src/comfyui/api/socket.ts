// Listens to ComfyUI's WebSocket, and reads the progress of a run from its messages.
import type { Progress, Submitted } from '../runRecord.ts'

export interface SocketListener {
  readonly onMessage: (type: string, data: object) => void
  /** Called if the socket does not open. One that fails later is silent. */
  readonly onRefused?: () => void
  /** Called when the socket is closed by the other side, or did not open. */
  readonly onClosed?: () => void
}

/** Opens a WebSocket that only listens, and gives the function that closes it. */
export function openSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
  { onMessage, onRefused, onClosed }: SocketListener,
): () => void {
  let socket: WebSocket | undefined
  let closed = false
  let opened = false
  const end = (): void => {
    if (closed) return
    closed = true
    if (!opened) onRefused?.()
    onClosed?.()
  }
  void open().catch(end)
  return () => {
    closed = true
    socket?.close()
  }

  async function open(): Promise<void> {
    const options = Object.keys(headers).length > 0 ? [{ headers }] : []
    try {
      // Node has a WebSocket since 22. One that can't set headers throws, and sends nothing.
      socket = new (globalThis.WebSocket as unknown as SocketClass)(url, ...options)
    } catch {
      const { WebSocket } = await import('ws')
      if (closed) return
      socket = new (WebSocket as unknown as SocketClass)(url, ...options)
    }
    socket.addEventListener('open', () => {
      opened = true
    })
    for (const event of ['error', 'close']) socket.addEventListener(event, end)
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      // Previews are binary.
      if (closed || typeof data !== 'string') return
      try {
        const { type, data: about } = Object(JSON.parse(data))
        if (typeof type === 'string' && typeof about === 'object' && about !== null) onMessage(type, about)
      } catch {}
    })
  }
}

type SocketClass = new (url: string, ...options: { readonly headers: object }[]) => WebSocket

interface State {
  value?: number
  max?: number
  state?: string
}

interface Data extends State {
  prompt_id?: string
  node?: string | null
  nodes?: unknown
}

/**
 * Makes a reader of the socket's messages: the progress of the run, or `ended`. The progress is (finished nodes + fractions
 * of running nodes) / nodes to run, and never goes back.
 */
export function createProgress(
  { id, titles, nodes }: Submitted,
  from: number,
): (type: string, data: Data) => Progress | 'ended' | undefined {
  const cached = new Set<string>()
  /** The progress of each node, from 0 to 1. Nodes that a node makes at run time are left out. */
  const parts = new Map<string, number>()
  let best = from
  let node: string | undefined

  const note = (name: string, part: number): void => {
    if (!Object.hasOwn(titles, name) || cached.has(name)) return
    parts.set(name, Math.max(parts.get(name) ?? 0, part))
  }
  const fraction = ({ value = 0, max = 0, state }: State): number =>
    state === 'finished' ? 1 : max > 0 ? Math.min(1, value / max) : 0

  return (type, data) => {
    // The first message of a socket names the node that runs, without the run's id.
    if (data.prompt_id !== undefined && data.prompt_id !== id) return undefined
    if (type === 'execution_cached' && Array.isArray(data.nodes)) {
      for (const name of data.nodes) if (Object.hasOwn(titles, name)) cached.add(String(name))
    } else if (type === 'progress_state') {
      for (const [name, state] of Object.entries<State>(Object(data.nodes))) note(name, fraction(state))
    } else if (type === 'progress' && data.node) {
      note(data.node, fraction(data))
    } else if (type === 'executing') {
      if (data.node === null) return data.prompt_id === undefined ? undefined : 'ended'
      if (node !== undefined && node !== data.node) note(node, 1)
      node = data.node
      if (node !== undefined) note(node, 0)
    } else if (type !== 'executed') {
      return undefined
    } else if (data.node) {
      note(data.node, 1)
    }
    const done = [...parts.values()].reduce((sum, part) => sum + part, 0)
    // Only the end of a run brings the progress to 1.
    best = Math.max(best, Math.min(0.99, done / Math.max(1, nodes - cached.size)))
    return { progress: best, node: node === undefined ? undefined : titles[node] }
  }
}
