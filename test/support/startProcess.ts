import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { bundled } from './bundled.ts'
import { LateError } from './until.ts'

export interface Started {
  readonly pid: number
  /** The first line that it printed, which is JSON. */
  readonly told: any
  /** Writes a line to its input. */
  tell(line: string): void
  /** With `SIGKILL`: it has no say in it. */
  kill(): Promise<void>
  /** With `SIGTERM`. */
  stop(): Promise<void>
}

/** Starts a command of this repository on this Node. */
export async function startProcess(args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2_000)
  })
  const line = once(createInterface({ input: child.stdout }), 'line')
  const first = await Promise.race([line, ended.then(([code]) => code)])
  if (!Array.isArray(first)) throw new LateError(`${args.join(' ')} ended with ${first}: ${said}`)
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal)
    await ended
  }
  return {
    pid: child.pid!,
    told: JSON.parse(first[0]),
    tell: (text) => void child.stdin.write(`${text}\n`),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

/** The built command of the gateway. `nodeFlags` are for Node. */
export function startGateway(
  comfyUrls: string | readonly string[],
  workflows: string,
  flags: readonly string[],
  ...nodeFlags: string[]
): Promise<Started> {
  const servers = [comfyUrls].flat().flatMap((url) => ['--comfyui', url])
  const all = [...servers, '--workflows', workflows, '--json', ...flags]
  return startProcess([...nodeFlags, 'packages/gateway/bin/flowscale-gateway.js', ...all])
}

/** The small ComfyUI as a process. */
export function startSmallComfy(...flags: string[]): Promise<Started> {
  return startProcess([bundled('test/comfyui/server/main.ts'), ...flags])
}

/** For Node: the clock of a gateway is ahead, so that a run which never reached ComfyUI need not be waited for. */
export const LATER: readonly string[] = [
  '--import',
  'data:text/javascript,const{now}=Date;Date.now=()=>now()+60000',
]
