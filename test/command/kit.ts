// The built command as a process.
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { commandInTerminal, type InTerminal, type TerminalOptions } from './startInTerminal.ts'

export { hasTerminals, type InTerminal } from './startInTerminal.ts'

const file = resolve('packages/flowscale/bin/flowscale.js')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Started {
  child: ChildProcess
  ended: Promise<Ended>
  /** Waits until stdout and stderr, put together, match. */
  printed(pattern: RegExp): Promise<void>
}

export interface Options {
  cwd?: string
  /** All that is set besides PATH. */
  env?: Record<string, string>
  /** What stdin holds. Default: nothing. */
  input?: string | Uint8Array
}

/** Starts `flowscale` with no terminal. */
export function start(args: readonly string[], { cwd, env = {}, input }: Options = {}): Started {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    stdio: 'pipe',
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const heard = () => {
    for (const listener of waiting) listener()
  }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
    heard()
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
    heard()
  })
  const ended = new Promise<Ended>((settle) => {
    child.on('close', (code, signal) => settle({ code, signal, stdout, stderr }))
  })
  return {
    child,
    ended,
    printed: (pattern) =>
      new Promise((settle, reject) => {
        const look = () => {
          if (!pattern.test(stdout + stderr)) return
          waiting.delete(look)
          settle()
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`ended without ${pattern}: ${stdout}${stderr}`)))
      }),
  }
}

/** Runs `flowscale` to its end. */
export const flowscale = (args: readonly string[], options?: Options): Promise<Ended> =>
  start(args, options).ended

/** Starts `flowscale` in a real terminal. Only where {@link hasTerminals}. */
export const startInTerminal = (args: readonly string[], options?: TerminalOptions): InTerminal =>
  commandInTerminal([process.execPath, file, ...args], options)
