import type { Comfy, ComfyOptions } from '../server/startComfy.ts'
import type { ComfyVersion } from '../server/versions.ts'

export interface Part {
  name: string
  filename?: string
  content_type?: string
  bytes?: number
  value?: string
}

export interface Exchange {
  request?: {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: unknown
    multipart?: Part[]
  }
  response?: { status: number; headers?: Record<string, string>; body?: unknown } | null
  note?: string
}

export interface Heard {
  text?: unknown
  sent?: unknown
  binary?: true
  socket_state?: string
  closed_by?: string
  [key: string]: unknown
}

/** A socket that keeps what it hears. */
export interface Listener {
  readonly messages: Heard[]
  /** The code of its end. */
  readonly closed: Promise<number>
  send(message: unknown): void
  close(): Promise<unknown>
}

/** A file of `recordings`. */
export interface Recording {
  about: string
  exchanges: Exchange[]
  websocket?: { socket: string; url: string; messages: Heard[] }[]
}

/** A server in the middle of a case. */
export interface Bench {
  readonly version: ComfyVersion
  readonly comfy: Comfy
  readonly recording: Recording
  readonly sockets: Listener[]
  /** What stands here for a name of the recording: ids, tags. */
  readonly names: Map<string, string>
  /** Sends a graph, and gives its prompt_id. */
  submit(graph: unknown, more?: Record<string, unknown>): Promise<string>
  /** Uses up numbers, until the next is this one. */
  raiseTo(number: number): Promise<void>
  /** Waits until nothing waits or runs. */
  idle(): Promise<void>
  /** Waits until something is so. */
  until(isSo: () => unknown): Promise<void>
  /** Waits until this run is at work. */
  running(id: string): Promise<void>
  /** Writes a file into the server's folder. */
  write(path: string, content?: Uint8Array | string): void
  /** Opens the sockets of the recording that are not open yet, at most as many. */
  open(count?: number): Promise<void>
}

/** What a recording does not tell: how the server was started, what was there before, what happened in between. */
export interface Plan {
  options?: Partial<ComfyOptions>
  /** The first number that the case uses; else it is taken from the recording. */
  number?: number
  /** The files that are there before, empty ones; else they are taken from the recording. */
  files?: string[]
  before?: (bench: Bench) => Promise<void> | void
  /** By the place of the exchange that it comes before. */
  steps?: Record<number, (bench: Bench) => Promise<void> | void>
  /** Requests follow each other while runs go on. */
  stacked?: boolean
  /** The sockets are opened in a step. */
  opensLate?: boolean
  /** The server's own pictures and conversions: only their first bytes are compared. */
  drawn?: boolean
  /** When a status was sent is chance: only the other messages are compared. */
  statusesByChance?: boolean
  /** How many steps were heard of is chance: messages of progress in the middle of a node are not compared. */
  stepsByChance?: boolean
  after?: (bench: Bench) => Promise<void> | void
}
