import type { Progress, Submitted } from '../runRecord.ts'

/** Opens a WebSocket that only listens, and gives the function that closes it. A socket that fails is silent. */
export function openSocket(url: string, onMessage: (type: string, data: object) => void): () => void {
  let socket: WebSocket | undefined
  let closed = false
  void open().catch(() => {})
  return () => {
    closed = true
    socket?.close()
  }

  async function open(): Promise<void> {
    // Node has a WebSocket since 22.
    const Socket = globalThis.WebSocket ?? ((await import('ws')).WebSocket as unknown as typeof WebSocket)
    if (closed) return
    socket = new Socket(url)
    socket.addEventListener('error', () => {})
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

/** Reads a message of ComfyUI's socket: the progress of the run, or `ended`. */
type ReadMessage = (type: string, data: Data) => Progress | 'ended' | undefined

/** Computes (finished nodes + fractions of running nodes) / nodes to run. The progress never goes back. */
export function createProgress({ id, titles, nodes }: Submitted, from: number): ReadMessage {
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
