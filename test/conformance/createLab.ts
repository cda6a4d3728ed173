// The servers of the cases: an emulator for each, and servers that answer as a script says. Node only.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import type { Documented } from './createDocumented.ts'
import type { Dialect, Lab, Seen, Step } from './types.ts'
import { workflows } from './workflows.ts'

const shared = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*, authorization',
  'access-control-max-age': '600',
  'access-control-expose-headers': 'retry-after, x-request-id, x-idempotency',
}

async function read(request: IncomingMessage): Promise<Seen> {
  let bytes = 0
  let text = ''
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (text.length < 8000) text += chunk.toString('latin1').slice(0, 8000)
  }
  const { method = '', url: path = '', headers } = request
  return { method, path, headers: headers as Record<string, string>, bytes, text }
}

function answer(step: Step, response: ServerResponse): void {
  if (step.reset) return void response.socket?.resetAndDestroy()
  if (step.stall === 'headers') return
  response.writeHead(step.status ?? 200, { 'content-type': 'application/json', ...shared, ...step.headers })
  response.write(step.body ?? '')
  // Some runtimes give a response only once its body has begun.
  if (step.stall === 'body') response.write('{"status"')
  else response.end()
}

export type OpenLab = Lab & {
  pod(dialect: Dialect): Promise<{ baseUrl: string; apiKey: string }>
  /** Ends all servers; throws if the key was sent to where files lie. */
  close(): Promise<void>
}

/** `watch` sees what the emulators answer. */
export function createLab(apiKey: string, watch: Documented['watch'] = (handle) => handle): OpenLab {
  const closers: (() => unknown)[] = []

  async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = createServer(handler)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const close = () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
  }

  async function start(options: Parameters<typeof createEmulator>[0], socket = {}) {
    const emulator = createEmulator({ apiKey, speed: 200, workflows, ...options })
    const server = await serve({ ...emulator, handle: watch(emulator.handle) }, { socket })
    closers.push(async () => {
      emulator.close()
      await server.close()
      if (emulator.stats.keysRefusedAtFiles) throw new Error('the key was sent to where the files lie')
    })
    return { baseUrl: server.url, apiKey }
  }

  return {
    async script(steps) {
      const log: Seen[] = []
      const { url, close } = await listen(async (request, response) => {
        if (request.method === 'OPTIONS') return response.writeHead(204, shared).end()
        const seen = await read(request).catch(() => undefined)
        if (!seen) return undefined
        // At each reset the platform may try again.
        const step = steps[Math.min(log.push(seen), steps.length) - 1]!
        return answer(step, response)
      })
      closers.push(close)
      return { url, seen: async () => log }
    },
    emulator: (socket) => start({}, socket),
    pod: (dialect) => start({ dialect }),
    async closed() {
      const { url, close } = await listen(() => {})
      await close()
      return url
    },
    async close() {
      await Promise.all(closers.map((close) => close()))
    },
  }
}
