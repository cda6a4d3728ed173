import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { redis as redisPath } from '../../scripts/lib/ensure.mjs'
import { LateError } from './until.ts'

export interface RunningRedis {
  readonly child: ChildProcess
  /** As `kill -9` does. */
  kill(): Promise<void>
}

/** A Redis, or Valkey, that has written each change to a folder before it answers. */
export async function startRedis(port: string, folder: string, ...settings: string[]): Promise<RunningRedis> {
  const place = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const log = ['--appendonly', 'yes', '--appendfsync', 'always']
  const child = spawn(redisPath, [...place, ...log, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const lines: string[] = []
  const ready = async (): Promise<boolean> => {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('Ready to accept connections')) return true
      lines.push(line)
    }
    return false
  }
  if (!(await ready())) throw new LateError(`Redis has ended: ${lines.join('\n')}`)
  child.stdout.resume()
  return {
    child,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
