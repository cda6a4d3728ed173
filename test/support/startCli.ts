import { type ChildProcess, spawn } from 'node:child_process'
import { LateError } from './until.ts'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Started {
  child: ChildProcess
  ended: Promise<Ended>
  /** Waits until stdout and stderr, put together, match, and gives them; an error if it ends without. */
  printed(pattern: RegExp): Promise<string>
}

export interface Options {
  cwd?: string
  /** All that is set besides PATH and LANG. */
  env?: Record<string, string>
  /** What stdin holds. Default: nothing. */
  input?: string | Uint8Array
  /** A file descriptor. Default: what is printed is kept. */
  stdout?: number
}

/** Starts a program with no terminal. */
export function startProgram(program: string, args: readonly string[], options: Options = {}): Started {
  const { cwd, env = {}, input, stdout = 'pipe' } = options
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', stdout, 'pipe'],
  })
  child.stdin!.on('error', () => {})
  child.stdin!.end(input)
  const said = { stdout: '', stderr: '' }
  const all = () => said.stdout + said.stderr
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      said[name] += text
      for (const look of waiting) look()
    })
  }
  const ended = new Promise<Ended>((settle) => {
    child.on('close', (code, signal) => settle({ code, signal, ...said }))
  })
  return {
    child,
    ended,
    printed: (pattern) =>
      new Promise((settle, reject) => {
        const look = () => {
          if (!pattern.test(all())) return
          waiting.delete(look)
          settle(all())
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`ended without ${pattern}: ${all()}`)))
      }),
  }
}

/** A built command, `emulator` or `gateway`, on a free port unless there is a flag for it. */
export async function startCli(name: 'emulator' | 'gateway', ...flags: string[]) {
  return serving([`packages/${name}/dist/cli.js`, '--port', '0', ...flags])
}

/** A command on this Node that serves: with `--json`, its first line says where. */
export async function serving(args: readonly string[], options?: Options) {
  const { child, ended, printed } = startProgram(process.execPath, [...args, '--json'], options)
  const first = await printed(/\n/).catch((error: Error) => {
    throw new LateError(error.message)
  })
  const [line] = first.split('\n')
  const { url, filesUrl, apiKey }: Record<'url' | 'filesUrl' | 'apiKey', string> = JSON.parse(line!)
  return {
    url,
    filesUrl,
    apiKey,
    async stop(signal?: NodeJS.Signals) {
      child.kill(signal)
      await ended
    },
  }
}
