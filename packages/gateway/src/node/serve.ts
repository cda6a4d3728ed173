import type { IncomingMessage } from 'node:http'
import type { Face } from '../http/types.ts'
import { answer } from './answer.ts'
import { listen, stop } from './listen.ts'
import { servePage } from './servePage.ts'
import { serveSockets } from './serveSockets.ts'
import { isHandshake } from './socket/isHandshake.ts'
import type { SocketHooks } from './socket/types.ts'

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Default: 0, any free port */
  port?: number | undefined
  /** Default: `127.0.0.1` */
  hostname?: string | undefined
  /** Serves files only: no API, no WebSocket, no page. Default: false */
  files?: boolean | undefined
  /** The start of download links, by the host in the request. Default: this server */
  linksTo?: ((host: string) => string) | undefined
  /**
   * A larger request is answered with 413, in bytes. A gateway may have a limit of its own; the smaller one counts.
   * Default: no other limit
   */
  maxBodyBytes?: number | undefined
  /** Hooks between the WebSocket and its connection. Default: none */
  sockets?: SocketHooks | undefined
}

const KNOWN = ['port', 'hostname', 'files', 'linksTo', 'maxBodyBytes', 'sockets']

/** A face that is served. */
export interface Served {
  /** Such as `http://127.0.0.1:4188`. */
  readonly url: string
  /** The number of WebSocket connections. */
  readonly sockets: number
  /** Destroys the TCP sockets of all WebSocket connections at once, without a goodbye. */
  dropSockets(): void
  /** Ends open connections, too. The face goes on; it has a `close` of its own. */
  close(): Promise<void>
}

/**
 * Serves a face on a port of this machine: the API with its WebSocket, and a page to try it.
 *
 * @throws `TypeError` for an unknown option or a wrong limit; an error with Node's `code` and the `port`, if the port can't
 * be used.
 */
export async function serve(face: Face, options: ServeOptions = {}): Promise<Served> {
  checkServeOptions(options)
  const { port = 0, hostname = '127.0.0.1', files = false, linksTo, maxBodyBytes } = options
  const wildcard = hostname === '0.0.0.0' || hostname === '::'
  const shownHost = wildcard ? '127.0.0.1' : hostname.includes(':') ? `[${hostname}]` : hostname

  // Known when the server listens, before the first request.
  let url = ''
  const listener = await listen(
    (request, response) => {
      if (!files && servePage(request, response, face.apiKey)) return
      // On all interfaces, links must lead to the host in the request.
      const host = (wildcard && hostOf(request)) || shownHost
      void answer(face.handle, request, response, url, {
        filesUrl: linksTo?.(host) ?? url,
        files,
        maxBodyBytes,
      })
    },
    port,
    hostname,
    files ? () => false : isHandshake,
  )
  url = `http://${shownHost}:${listener.port}`
  const sockets = files ? undefined : serveSockets(listener.server, face, options.sockets ?? {})

  let closed: Promise<void> | undefined
  return {
    url,
    get sockets() {
      return sockets?.count() ?? 0
    },
    dropSockets: () => sockets?.drop(),
    close() {
      if (!closed) sockets?.close()
      closed ??= stop(listener.server)
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

function checkServeOptions(options: ServeOptions): void {
  for (const name of Object.keys(options)) {
    if (KNOWN.includes(name)) continue
    throw new TypeError(`serve: unknown option "${name}"; the known options are ${KNOWN.join(', ')}`)
  }
  const { maxBodyBytes = 1 } = options
  if (typeof maxBodyBytes !== 'number' || !(maxBodyBytes > 0)) {
    throw new TypeError('serve: option "maxBodyBytes" must be a number of bytes above 0')
  }
}
