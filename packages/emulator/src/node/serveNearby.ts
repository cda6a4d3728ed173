import type { Emulator } from '../types.ts'
import type { ListenError } from './listen.ts'
import { type Served, serve } from './serve.ts'

const TRIES = 20

/** Serves the API on `port`, and the files on the next port that is free. */
export async function serveNearby(
  emulator: Emulator,
  { port, hostname }: { port: number; hostname: string },
): Promise<Served> {
  if (port === 0) return await serve(emulator, { hostname })
  for (let filesPort = port + 1; filesPort <= Math.min(port + TRIES, 65535); filesPort++) {
    try {
      return await serve(emulator, { port, filesPort, hostname })
    } catch (error) {
      const { code, port: taken } = error as ListenError
      if (code !== 'EADDRINUSE' || taken !== filesPort) throw error
    }
  }
  return await serve(emulator, { port, hostname })
}
