import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { redis } from '../../scripts/lib/ensure.mjs'

/** A Redis that writes each change to a folder. `kill` is as `kill -9`. */
export async function startRedis(port: string, folder: string): Promise<{ kill(): Promise<void> }> {
  const child = spawn(
    redis,
    ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(child, 'exit')
  const lines: string[] = []
  const ready = async (): Promise<boolean> => {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('Ready to accept connections')) return true
      lines.push(line)
    }
    return false
  }
  if (!(await ready())) throw new Error(`Redis has ended: ${lines.join('\n')}`)
  child.stdout.resume()
  return {
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
