import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type Comfy, type ComfyOptions, startComfy } from '../server/startComfy.ts'
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
interface Listener {
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

/** A fresh server for one case. */
export async function createBench(
  version: ComfyVersion,
  recording: Recording,
  options: Partial<ComfyOptions> = {},
): Promise<Bench> {
  const comfy = await startComfy({ version, ...options })
  let counter = 0

  const get = async (path: string): Promise<any> =>
    JSON.parse(String((await call(comfy.url + path, 'GET'))?.body))
  const bench: Bench = {
    version,
    comfy,
    recording,
    sockets: [],
    names: new Map(),
    async submit(prompt, more) {
      const body = JSON.stringify({ prompt, client_id: 'recorder', ...more })
      const answer = await call(`${comfy.url}/prompt`, 'POST', {}, body)
      const { prompt_id, number } = JSON.parse(String(answer?.body))
      counter = Math.max(counter, number + 1)
      return prompt_id
    },
    async raiseTo(number) {
      const post = () => call(`${comfy.url}/prompt`, 'POST', {}, '{"prompt": {}}')
      await Promise.all(Array.from({ length: Math.max(0, number - counter) }, post))
      counter = Math.max(counter, number)
    },
    async idle() {
      const isIdle = async (): Promise<boolean> => (await get('/prompt')).exec_info.queue_remaining === 0
      for (let tries = 0; !(await isIdle()); tries++) {
        if (tries > 2000) throw new Error('the server does not come to rest')
        await wait(5)
      }
    },
    async until(isSo) {
      for (let tries = 0; !(await isSo()); tries++) {
        if (tries > 2000) throw new Error('it does not become so')
        await wait(2)
      }
    },
    running: (id) => bench.until(() => comfy.executed.nodes[`${id}/2`]),
    write(path, content = '') {
      const full = join(comfy.folder, path)
      mkdirSync(dirname(full), { recursive: true })
      writeFileSync(full, content)
    },
    async open(count = Number.POSITIVE_INFINITY) {
      const left = (recording.websocket ?? []).slice(bench.sockets.length)
      for (const { url, messages } of left.slice(0, count)) {
        const socket = await openSocket(comfy.url.replace('http', 'ws') + url)
        for (const { sent } of messages) if (sent) socket.send(sent)
        bench.sockets.push(socket)
      }
    },
  }
  return bench
}

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

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** A request with any headers, `Host` and `Origin` included; `undefined` where there is no answer. */
export function call(
  url: string,
  method: string,
  headers: Record<string, string> = {},
  body: Uint8Array | string = '',
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', () => resolve(undefined))
      response.on('end', () => {
        const shown = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        const { statusCode: status = 0 } = response
        resolve({ status, headers: Object.fromEntries(shown), body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', () => resolve(undefined))
    sent.end(body)
  })
}
