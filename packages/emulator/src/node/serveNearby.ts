import type { ListenError } from '@flowscale/gateway/node'
import type { Emulator } from '../types.ts'
import { type Served, serve } from './serve.ts'

const TRIES = 20

/** Ports near usual ones that fetch refuses to call ("bad ports" of the Fetch standard). */
const REFUSED = [
  2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]

/** Serves the API on `port`, and the files on the next port that is free. */
export async function serveNearby(
  emulator: Emulator,
  { port, hostname }: { port: number; hostname: string },
): Promise<Served> {
  if (port === 0) return await serve(emulator, { hostname })
  for (let filesPort = port + 1; filesPort <= Math.min(port + TRIES, 65535); filesPort++) {
    if (REFUSED.includes(filesPort)) continue
    try {
      return await serve(emulator, { port, filesPort, hostname })
    } catch (error) {
      const { code, port: taken } = error as ListenError
      if (code !== 'EADDRINUSE' || taken !== filesPort) throw error
    }
  }
  return await serve(emulator, { port, hostname })
}
