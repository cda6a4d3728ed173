import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Local {
  url: string
  apiKey: string
  stop(): Promise<void>
}

/** Starts the emulator in its own process, on free ports. */
export async function startEmulator(): Promise<Local> {
  const cli = fileURLToPath(new URL('../../packages/emulator/dist/cli.js', import.meta.url))
  const child = spawn(process.execPath, [cli, '--json', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  const stop = () => child.kill()
  process.once('exit', stop)
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, apiKey } = JSON.parse(line)
    return {
      url,
      apiKey,
      async stop() {
        process.off('exit', stop)
        child.kill()
        await ended
      },
    }
  }
  throw new Error('the emulator did not start')
}
