import { serve as serveFace } from '@flowscale/gateway/node'
import type { Emulator } from '../types.ts'
import { checkServeOptions, type ServeOptions } from './checkServeOptions.ts'
import { spoilSockets } from './socket/spoilSockets.ts'

/** A served emulator. */
export interface Served {
  /** The address of the API, such as `http://127.0.0.1:4188`. */
  url: string
  /** The address of the files. */
  filesUrl: string
  /** The number of WebSocket connections. */
  readonly sockets: number
  /** Destroys the TCP sockets of all WebSocket connections at once, without a goodbye. */
  dropSockets(): void
  /** Ends open connections, too. The emulator itself goes on; it has a `close` of its own. */
  close(): Promise<void>
}

/**
 * Serves an emulator on two ports of this machine: the API, with its WebSocket, and the files.
 *
 * @throws `TypeError` for an unknown or wrong option; an error with Node's `code` and the `port`, if a port can't be used.
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
  const { port, filesPort, hostname, maxBodyBytes, socket } = checkServeOptions(emulator, options)
  let apiUrl = ''
  const files = await serveFace(
    { ...emulator, handle: (request, where) => emulator.handle(request, { ...where, apiUrl }) },
    { port: filesPort, hostname, files: true },
  )
  const links = new URL(files.url)
  const api = await serveFace(emulator, {
    port,
    hostname,
    maxBodyBytes,
    linksTo: (host) => `http://${host}:${links.port}`,
    sockets: spoilSockets(emulator, socket),
  }).catch(async (error: unknown) => {
    await files.close()
    throw error
  })
  apiUrl = api.url
  return {
    url: api.url,
    filesUrl: files.url,
    get sockets() {
      return api.sockets
    },
    dropSockets: api.dropSockets,
    close: () => Promise.all([api.close(), files.close()]).then(() => undefined),
  }
}
