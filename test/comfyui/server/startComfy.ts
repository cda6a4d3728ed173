import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createListener, type Seen } from './createListener.ts'
import { startWorker } from './run.ts'
import { serveSockets } from './sockets.ts'
import type { Fault, Life, Replacement } from './types.ts'
import { type ComfyVersion, versions } from './versions.ts'

export interface ComfyOptions {
  version: ComfyVersion
  /** 0, any free one, by default. */
  port?: number
  /** For `input`, `output`, `temp` and `user`; a temporary one by default. */
  folder?: string
  /** How much faster than told the nodes sleep. */
  speed?: number
  /** 100 MB by default. */
  maxUploadBytes?: number
  /** As `--cache-none`: everything runs each time. */
  cacheNone?: boolean
  /** As `--enable-cors-header`: no origin check. */
  corsOrigin?: string
  /** As a proxy in front of it: the header `Authorization` of every request and handshake; others get a 401. */
  login?: string
  /** As `--disable-metadata`; `null`: it does not say how it was started. */
  metadata?: false | null
  /** As before autumn 2025: /interrupt stops whatever runs. */
  globalInterrupt?: boolean
  /** Node classes that it does not have. */
  without?: readonly string[]
  /** As since 0.26: the route that cancels a run. */
  cancelRoute?: boolean
  /** As since 0.14: the classes that it replaces, each by the first of its list. */
  replacements?: Readonly<Record<string, readonly Replacement[]>>
  /** Node classes that say that they are a partner's. */
  partners?: readonly string[]
  /** Called as each run, and each node of it, is really performed. */
  onPerformed?: (promptId: string, node?: string) => void
  /** Called as the server ends by itself; without it, it is only killed. */
  onCrash?: () => void
}

export interface Comfy {
  readonly url: string
  readonly port: number
  readonly folder: string
  /** What was really performed, by prompt_id, and by `prompt_id/node`. It outlives `kill`. */
  readonly executed: { readonly runs: Record<string, number>; readonly nodes: Record<string, number> }
  /** Every request, in order. */
  readonly requests: Seen[]
  /** What goes wrong. Change it at any time. */
  readonly faults: Fault[]
  /** As `kill -9`: no answer ends, and only files are left. */
  kill(): Promise<void>
  /** Starts again, on the same port, after `kill`. */
  start(): Promise<void>
  /** Ends the worker, behind a server that goes on answering. */
  killWorker(): void
  /** Kills the server and removes its folder, if that is a temporary one. */
  stop(): Promise<void>
}

/** Starts a small ComfyUI: the API of a real one, as recordings show it, with nodes that cost nothing. */
export async function startComfy(options: ComfyOptions): Promise<Comfy> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'small-comfyui-'))
  const executed = { runs: {} as Record<string, number>, nodes: {} as Record<string, number> }
  const faults: Fault[] = []
  const requests: Seen[] = []
  const connections = new Set<Socket>()
  let server: Server | undefined
  let life: Life | undefined
  let port = options.port ?? 0

  async function start(): Promise<void> {
    rmSync(join(folder, 'temp'), { recursive: true, force: true })
    for (const name of ['input', 'output', 'temp', 'user/default']) {
      mkdirSync(join(folder, name), { recursive: true })
    }
    // A real one comes with this picture.
    const example = join(folder, 'input/example.png')
    if (!existsSync(example)) copyFileSync(new URL('../workflows/example.png', import.meta.url), example)
    const born: Life = {
      speed: 1,
      maxUploadBytes: 104_857_600,
      cacheNone: false,
      globalInterrupt: false,
      without: [],
      cancelRoute: false,
      replacements: {},
      partners: [],
      ...options,
      version: versions[options.version],
      folder,
      end: new AbortController(),
      pending: [],
      running: [],
      history: new Map(),
      cache: new Map(),
      sockets: new Map(),
      counter: 0,
      interrupted: false,
      freeMemory: false,
      workerDead: false,
      clientId: undefined,
      lastNode: undefined,
      wake() {},
      crash() {
        void kill()
        options.onCrash?.()
      },
      performed(promptId, node) {
        const key = node === undefined ? promptId : `${promptId}/${node}`
        const counts = node === undefined ? executed.runs : executed.nodes
        counts[key] = (counts[key] ?? 0) + 1
        options.onPerformed?.(promptId, node)
      },
    }
    startWorker(born)
    const listening = createServer(
      { requestTimeout: 0, keepAliveTimeout: 75_000 },
      createListener(born, faults, requests),
    )
    listening.on('upgrade', serveSockets(born, faults))
    listening.on('connection', (socket) => {
      connections.add(socket)
      socket.on('close', () => connections.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject)
      listening.listen(port, '127.0.0.1', resolve)
    })
    port = (listening.address() as AddressInfo).port
    server = listening
    life = born
  }

  async function kill(): Promise<void> {
    const dying = server
    server = undefined
    life?.end.abort()
    for (const socket of connections) socket.destroy()
    if (dying) await new Promise((resolve) => dying.close(resolve))
  }

  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    folder,
    executed,
    requests,
    faults,
    kill,
    start,
    killWorker() {
      life!.workerDead = true
    },
    async stop() {
      await kill()
      if (!options.folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}
