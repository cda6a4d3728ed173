import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The built emulator as a command, on free ports. */
export async function startCli(
  ...args: string[]
): Promise<{ url: string; apiKey: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['packages/emulator/dist/cli.js', '--json', '--port', '0', ...args], {
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
