// What the parts of the small ComfyUI share. A file of types: it imports only types.
import type { WebSocket } from 'ws'
import type { Version } from './versions.ts'

export interface GraphNode {
  class_type: string
  inputs: Record<string, unknown>
  [key: string]: unknown
}
export type Graph = Record<string, GraphNode>

/** As in the queue and in history: number, prompt_id, graph, extra_data, output nodes. */
export type Item = [number, string, Graph, Record<string, unknown> | null, string[]]

/** What a node reports for history, by key. */
export type Ui = Record<string, unknown[]>

/** As in `/node_replacements`, as far as it is read. */
export interface Replacement {
  new_node_id: string
  old_widget_ids?: string[] | null
  input_mapping: { new_id: string; old_id?: string; set_value?: unknown }[] | null
}

interface Meta {
  node_id: string
  display_node: string
  parent_node: null
  real_node_id: string
}

export interface HistoryEntry {
  prompt: Item
  outputs: Record<string, Ui>
  status: {
    status_str: 'success' | 'error'
    completed: boolean
    messages: [string, Record<string, unknown>][]
  }
  meta: Record<string, Meta>
}

interface Cached {
  result: unknown[]
  ui?: { meta: Meta; output: Ui } | undefined
}

/** What the tests may break. Change the list while the server runs. */
export interface Fault {
  /** How method and path begin, such as `POST /prompt`; `/api` is cut off before. `GET /ws` has only `status`. */
  on: string
  do:
    | 'reset-before' // the connection ends, and nothing was done
    | 'reset-after' // it was done, and the answer is lost
    | 'hang-before' // no answer, and nothing was done
    | 'hang-after' // it was done, and there is no answer
    | 'slow' // it is done and answered after `ms`
    | 'status' // a text with `status` instead, and nothing was done
    | 'html' // a page instead, with 200, and nothing was done
    | 'nonsense' // bytes that are not JSON, with 200, and nothing was done
  /** How many requests; without it, all of them. */
  times?: number
  ms?: number
  status?: number
}

export interface Socket {
  ws: WebSocket
  /** The answer to the client's first message, where that told of its features. */
  metadata: boolean
  greeted: boolean
}

/** The memory of a server process: `kill` loses it. */
export interface Life {
  readonly version: Version
  /** With `input`, `output`, `temp` and `user` in it. */
  readonly folder: string
  readonly speed: number
  readonly maxUploadBytes: number
  readonly cacheNone: boolean
  readonly globalInterrupt: boolean
  /** Node classes that it does not have. */
  readonly without: readonly string[]
  /** As since 0.26: the route that cancels a run. */
  readonly cancelRoute: boolean
  /** As since 0.14: the classes that it replaces, each by the first of its list. */
  readonly replacements: Readonly<Record<string, readonly Replacement[]>>
  /** Node classes that say that they are a partner's. */
  readonly partners: readonly string[]
  readonly corsOrigin?: string
  /** As a proxy in front of it: the header `Authorization` of every request and handshake; others get a 401. */
  readonly login?: string
  /** As `--disable-metadata`; `null`: it does not say how it was started. */
  readonly metadata?: false | null
  /** Aborted by `kill`. */
  readonly end: AbortController
  readonly pending: Item[]
  readonly running: Item[]
  readonly history: Map<string, HistoryEntry>
  readonly cache: Map<string, Cached>
  readonly sockets: Map<string, Socket>
  counter: number
  interrupted: boolean
  freeMemory: boolean
  workerDead: boolean
  /** Of the run that is performed. */
  clientId: unknown
  lastNode: string | undefined
  /** Calls the worker. */
  wake: () => void
  /** The process ends by itself. */
  readonly crash: () => void
  /** Called as a run, and each of its nodes, is really performed. */
  readonly performed: (promptId: string, node?: string) => void
}
