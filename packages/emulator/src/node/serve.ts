import type { IncomingMessage } from 'node:http'
import type { Emulator } from '../types.ts'
import { answer } from './answer.ts'
import { checkServeOptions, type ServeOptions } from './checkServeOptions.ts'
import { listen, stop } from './listen.ts'
import { servePage } from './servePage.ts'
import { isHandshake } from './socket/isHandshake.ts'
import { serveSockets } from './socket/serveSockets.ts'

/** An emulator that is served. */
export interface Served {
  /** Of the API, such as `http://127.0.0.1:4188`. */
  url: string
  /** Of the files. */
  filesUrl: string
  /** How many WebSocket connections there are. */
  readonly sockets: number
  /** Destroys the TCP sockets of all WebSocket connections at once, without a goodbye. */
  dropSockets(): void
  /** Ends open connections too. The emulator itself goes on; it has a `close` of its own. */
  close(): Promise<void>
}

/**
 * Serves an emulator on two ports of this machine: the API, with its WebSocket, and the files.
 *
 * @throws `TypeError` for an unknown or wrong option; the error of Node for a port that is taken.
 *
 * @example
 * ```ts
 * const emulator = createEmulator({ speed: 100 })
 * const served = await serve(emulator)
 * const client = createClient({ baseUrl: served.url, apiKey: emulator.apiKey })
 * console.log((await checkHealth(client)).data)
 * await served.close()
 * emulator.close()
 * ```
 */
export async function serve(emulator: Emulator, options: ServeOptions = {}): Promise<Served> {
  const { port, filesPort, hostname, maxUploadBytes, socket } = checkServeOptions(emulator, options)
  const wildcard = hostname === '0.0.0.0' || hostname === '::'
  const shownHost = wildcard ? '127.0.0.1' : hostname.includes(':') ? `[${hostname}]` : hostname

  // Known once both listen, which is before the first request can come in.
  let url = ''
  let filesUrl = ''
  const files = await listen(
    (request, response) => {
      void answer(emulator, request, response, filesUrl, { filesUrl, files: true })
    },
    filesPort,
    hostname,
  )
  filesUrl = `http://${shownHost}:${files.port}`
  const api = await listen(
    (request, response) => {
      if (servePage(request, response)) return
      // On all interfaces, links must lead to the one that the client came by.
      const links = wildcard ? `http://${hostOf(request) ?? shownHost}:${files.port}` : filesUrl
      void answer(emulator, request, response, url, { filesUrl: links, maxUploadBytes })
    },
    port,
    hostname,
    isHandshake,
  ).catch(async (error: unknown) => {
    await stop(files.server)
    throw error
  })
  url = `http://${shownHost}:${api.port}`
  const sockets = serveSockets(api.server, emulator, socket)

  let closed: Promise<void> | undefined
  return {
    url,
    filesUrl,
    get sockets() {
      return sockets.count()
    },
    dropSockets: sockets.drop,
    close() {
      if (!closed) sockets.close()
      closed ??= Promise.all([stop(api.server), stop(files.server)]).then(() => undefined)
      return closed
    },
  }
}

function hostOf(request: IncomingMessage): string | null {
  try {
    return new URL(`http://${request.headers.host}`).hostname
  } catch {
    return null
  }
}
