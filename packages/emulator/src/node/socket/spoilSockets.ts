import type { SocketHooks } from '@flowscale/gateway/node'
import type { Emulator } from '../../types.ts'
import type { SocketOptions } from './checkSocketOptions.ts'
import { spoilMessages } from './spoilMessages.ts'

/** What the options of the server, and the faults of the emulator, make of its WebSocket. */
export function spoilSockets(emulator: Emulator, options: SocketOptions): SocketHooks {
  return {
    refuse: () => options.refuse,
    connect(url, headers, wire) {
      const fault = emulator.sockets.connect(url, headers)
      if (fault === 'socket-closed') {
        wire.close(1011, 'A fault of the emulator')
        return undefined
      }
      if (options.drop === 0) {
        wire.destroy()
        return undefined
      }
      return spoilMessages(emulator, options, wire, fault)
    },
  }
}
