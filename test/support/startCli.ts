import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A built command, `emulator` or `gateway`, on a free port. */
export async function startCli(
  name: 'emulator' | 'gateway',
  ...args: string[]
): Promise<{ url: string; apiKey: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [`packages/${name}/dist/cli.js`, '--json', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const { url, apiKey } = JSON.parse(line)
  return {
    url,
    apiKey,
    async stop() {
      child.kill()
      await ended
    },
  }
}
