import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../scripts/test/runFile.ts'
import { bunPath, denoPath, nodePath } from '../../runtimes/command.ts'
import { LateError } from '../../support/until.ts'
import { frameworks } from './createApp.ts'

const quiet = {
  NEXT_TELEMETRY_DISABLED: '1',
  // Stacks with the frames of Next's own and of our client.
  __NEXT_SHOW_IGNORE_LISTED: 'true',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  // That of these tests is none of an app's.
  TSX_TSCONFIG_PATH: '',
}

/** A program and its arguments, in a folder. */
export interface Program {
  readonly cwd: string
  /** Default: the Node that runs this. */
  readonly program?: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program to its end; throws with what it said if that was a bad one. */
export async function runProgram({ cwd, program = process.execPath, args, env }: Program): Promise<string> {
  const { code, output } = await runCommand(program, [...args], { cwd, env: { ...quiet, ...env } })
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${output}`)
  return output
}

/** Runs a program of Node's to its end. */
export const run = (cwd: string, ...args: string[]): Promise<string> => runProgram({ cwd, args })

export interface Started {
  readonly url: string
  /** What it has said so far. */
  output(): string
  stop(): Promise<void>
}

/** Starts a server that says its address. */
export async function startProgram({
  cwd,
  program = process.execPath,
  args,
  env,
}: Program): Promise<Started> {
  const child: ChildProcess = spawn(program, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...quiet, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Next starts further processes.
    detached: true,
  })
  let output = ''
  const ended = once(child, 'exit')
  const kill = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {}
  }
  process.on('exit', kill)
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (piece: Buffer) => {
      output += piece
      const [address] = /http:\/\/(127\.0\.0\.1|localhost):\d+/.exec(output) ?? []
      if (address) resolve(address.replace('localhost', '127.0.0.1'))
    }
    child.stdout!.on('data', listen)
    child.stderr!.on('data', listen)
    ended.then(([code]) =>
      reject(new LateError(`${args.join(' ')} ended with ${code}\n${output.slice(-3000)}`)),
    )
  })
  return {
    url,
    output: () => output,
    async stop() {
      kill()
      await ended
      process.off('exit', kill)
    },
  }
}

/** Starts a server of Node's. */
export const start = (cwd: string, env: Record<string, string>, ...args: string[]): Promise<Started> =>
  startProgram({ cwd, env, args })

const programs: Readonly<Record<string, string>> = {
  bun: bunPath(),
  deno: denoPath(),
}
/** SvelteKit 3 needs a newer Node than these tests. */
export const node24: string = nodePath(24)

/** A command of a document, as it is run in the folder of an app. */
export function toProgram(command: string, cwd: string, program: string = process.execPath): Program {
  const [, settings, rest] = /^((?:\w+=\S+ )*)(.*)$/.exec(command)!
  const env = Object.fromEntries(
    [...settings!.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
  )
  const [first, ...args] = rest!.split(' ')
  const own = programs[first!]
  if (own) return { cwd, program: own, args, env }
  if (first === 'node') return { cwd, program, args, env }
  if (first !== 'npx') throw new Error(`no way to run: ${command}`)
  const { bin } = JSON.parse(readFileSync(join(frameworks, 'node_modules', args[0]!, 'package.json'), 'utf8'))
  const file = typeof bin === 'string' ? bin : bin[args[0]!]
  return { cwd, program, args: [join(frameworks, 'node_modules', args[0]!, file), ...args.slice(1)], env }
}
