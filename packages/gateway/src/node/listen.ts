import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** The error of a port that can't be used, with Node's `code`. */
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
  // Since 24.9 Node calls this function. Earlier versions upgrade each request for it, if the server listens for upgrades.
  const options: ServerOptions & { shouldUpgradeCallback: typeof upgrades } = {
    shouldUpgradeCallback: upgrades,
  }
  const server = createServer(options, listener)
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE'
      const message = isTaken
        ? `Port ${port} on ${hostname} is already in use`
        : `Can't listen on ${hostname}:${port}: ${cause.message}`
      reject(Object.assign(new Error(message, { cause }), { code: cause.code, port }))
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
