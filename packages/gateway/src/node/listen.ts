import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A refused port is an error with `code`, and with `port` to tell which one it was. */
export interface ListenError extends Error {
  code?: string
  port?: number
}

export function listen(
  listener: RequestListener,
  port: number,
  hostname: string,
  upgrades: (request: IncomingMessage) => boolean,
): Promise<{ server: Server; port: number }> {
  // Node from 24.9 on asks it; before, every request for an upgrade is one where somebody listens for them.
  const options: ServerOptions & { shouldUpgradeCallback: typeof upgrades } = {
    shouldUpgradeCallback: upgrades,
  }
  const server = createServer(options, listener)
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'the port is already in use' : cause.message
      const error = new Error(`Cannot listen on ${hostname}:${port}: ${reason}`, { cause })
      reject(Object.assign(error, { code: cause.code, port }))
    })
    server.listen(port, hostname, () => resolve({ server, port: (server.address() as AddressInfo).port }))
  })
}

export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
