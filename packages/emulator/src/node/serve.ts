import { type Served as ServedApi, serve as serveApi } from '@flowscale/gateway/node'
import {
  checkOption,
  checkOptions,
  must,
  optional,
  type Rules,
  rules,
} from '../../../gateway/src/internal.ts'
import type { Emulator } from '../createEmulator.ts'
import { checkSocketOptions, type SocketOptions, spoilSockets } from './sockets.ts'

/** Options of {@link serve}. */
export interface ServeOptions {
  /** The port of the API. Default: 0, any free port */
  port?: number | undefined
  /** The port of the files. Default: 0, any free port */
  filesPort?: number | undefined
  /** Default: `127.0.0.1` */
  hostname?: string | undefined
  /** A larger upload is answered with 413. Default: 268435456, that is 256 MiB */
  maxBodyBytes?: number | undefined
  /** Faults of the WebSocket, for tests. The object is read at each use, so you can change it while the server runs */
  socket?: SocketOptions | undefined
}

/** A served emulator. `url` is the address of the API. */
export interface Served extends ServedApi {
  /** The address of the files. */
  readonly filesUrl: string
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
  checkServeOptions(emulator, options)
  const { port = 0, filesPort = 0, hostname = '127.0.0.1', socket = {} } = options
  const { maxBodyBytes = 256 * 1024 * 1024 } = options
  let apiUrl = ''
  const files = await serveApi(
    { ...emulator, handle: (request, where) => emulator.handle(request, { ...where, apiUrl }) },
    { port: filesPort, hostname, files: true },
  )
  const links = new URL(files.url)
  const api = await serveApi(emulator, {
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
  let closed: Promise<void> | undefined
  return {
    url: api.url,
    filesUrl: files.url,
    get sockets() {
      return api.sockets
    },
    dropSockets: api.dropSockets,
    close() {
      closed ??= Promise.all([api.close(), files.close()]).then(() => undefined)
      return closed
    },
  }
}

const OPTIONS: Rules<ServeOptions> = {
  port: optional(rules.port),
  filesPort: optional(rules.port),
  hostname: optional(rules.filledText),
  maxBodyBytes: optional(rules.positive),
  socket: optional(rules.object),
}

function checkServeOptions(emulator: Emulator, options: ServeOptions): void {
  if (typeof emulator?.handle !== 'function') {
    throw new TypeError('serve: the first argument must be an emulator of createEmulator()')
  }
  checkOptions('serve', options, OPTIONS)
  const { filesPort = 0, socket } = options
  const isOther = must('a port other than "port"', () => filesPort === 0 || filesPort !== options.port)
  checkOption('serve', filesPort, isOther, 'filesPort')
  if (socket) checkSocketOptions(socket)
}
