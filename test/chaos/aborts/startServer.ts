import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { createInterface } from 'node:readline'

export interface Open {
  /** Connections. */
  sockets: number
  /** Requests whose answer is not at its end. */
  unanswered: number
}

/** Starts the slow server in a process of its own. */
export async function startServer() {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/chaos/aborts/server.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [url] = (await once(lines, 'line')) as [string]
  lines.close()
  return {
    url,
    /** What is open there; by `node:http`, so that fetch keeps no connection for it. */
    open: () =>
      new Promise<Open>((resolve, reject) => {
        get(`${url}/control`, { agent: false }, async (response) => {
          let text = ''
          for await (const chunk of response) text += chunk
          resolve(JSON.parse(text))
        }).on('error', reject)
      }),
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}
