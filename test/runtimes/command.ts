import { spawn } from 'node:child_process'

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
