// The pinned runtimes, and a process that is one of them.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const modules = resolve('test/runtimes/node_modules')
export const nodes = [18, 20, 22, 24, 26]
const { long: isLong } = JSON.parse(process.env.TEST_OPTIONS ?? '{}')
/** Beside the conformance cases, Node 18 and 20 run with `--long` only. */
export const usualNodes: number[] = isLong ? nodes : nodes.slice(2)
export const nodePath = (major: number): string => `${modules}/node${major}/bin/node`
export const bunPath = (version = '@oven/bun-linux-x64'): string => `${modules}/${version}/bin/bun`
export const denoPath = (version = '@deno/linux-x64-glibc'): string => `${modules}/${version}/deno`
export const workerdPath = `${modules}/@cloudflare/workerd-linux-64/bin/workerd`

/** A row that was started; `end` is called when its report has come, or its time is over. */
export interface Started {
  /** Ends by itself with this exit code, where the runtime is a command. */
  exit?: Promise<number | null>
  /** What it said. */
  output(): string
  end(): Promise<void> | void
}

/** A command in a folder, and all that it says. */
export function command(
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Started {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const exit = new Promise<number | null>((done) => {
    child.on('close', done)
    child.on('error', (error) => {
      output += error
      done(null)
    })
  })
  return {
    exit,
    output: () => output,
    async end() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** What a row tells, when it comes: nothing if its time is over, or if it has ended without. */
export async function told<T>(
  { exit }: Started,
  coming: Promise<T>,
  limitMs: number,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), limitMs)
  })
  // A command that has told its report ends soon after.
  const early = exit?.then(() => Promise.race([coming, pause(5000)]))
  try {
    return await Promise.race([coming, late, ...(early ? [early] : [])])
  } finally {
    clearTimeout(timer)
  }
}

const pause = (ms: number) => new Promise<undefined>((done) => setTimeout(done, ms))
