// Listens to ComfyUI's WebSocket, and reads the progress and the pictures of a run from its messages.
import type { Preview } from '../../engine.ts'
import { toPreview } from '../pictures.ts'
import type { Progress, Submitted } from '../runRecord.ts'

export interface SocketListener {
  readonly onMessage: (type: string, data: object) => void
  /** Called for each picture of a run, with the run's id. Default: pictures are not read */
  readonly onPicture?: ((id: string, preview: Preview) => void) | undefined
  /** Called if the socket does not open. One that fails later is silent. */
  readonly onRefused?: () => void
  /** Called when the socket is closed by the other side, or did not open. */
  readonly onClosed?: () => void
}

/** Opens a WebSocket that only listens, and gives the function that closes it. */
export function openSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
  { onMessage, onPicture, onRefused, onClosed }: SocketListener,
): () => void {
  let socket: WebSocket | undefined
  let closed = false
  let opened = false
  /** The run that the last message names. */
  let runId: unknown
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
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => {
      opened = true
      // ComfyUI reads it in the first message only: from then on a picture names its run.
      socket?.send(FLAGS)
    })
    for (const event of ['error', 'close']) socket.addEventListener(event, end)
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      if (closed) return
      try {
        if (typeof data !== 'string') {
          const found = onPicture && readPicture(data as ArrayBuffer, runId)
          if (found) onPicture(...found)
          return
        }
        const { type, data: about } = Object(JSON.parse(data))
        if (typeof type !== 'string' || typeof about !== 'object' || about === null) return
        runId = about.prompt_id ?? runId
        onMessage(type, about)
      } catch {}
    })
  }
}

const FLAGS = JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } })

/**
 * Reads a binary message: the picture of a run, and the run's id. A picture that names no run is of the run of the last
 * message: a run that somebody else sent without a client id tells its progress and its pictures to all sockets.
 */
export function readPicture(
  message: ArrayBuffer,
  lastId: unknown,
): [id: string, preview: Preview] | undefined {
  const view = new DataView(message)
  const [event, next] = [view.getUint32(0), view.getUint32(4)]
  if (event !== PLAIN && event !== WITH_METADATA) return undefined
  const start = event === PLAIN ? 8 : 8 + next
  const about = start === 8 ? '{}' : new TextDecoder().decode(new Uint8Array(message, 8, next))
  const { prompt_id: id = lastId } = Object(JSON.parse(about))
  const preview = toPreview(new Uint8Array(message, start))
  return preview && typeof id === 'string' ? [id, preview] : undefined
}

const PLAIN = 1
const WITH_METADATA = 4

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
