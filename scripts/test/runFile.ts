import { spawn } from 'node:child_process'

export interface Outcome {
  name: string
  passed: number
  failed: number
  seconds: number
  output: string
  looks: number
}

/** Runs a command; gives its output and its end. Only a command that hangs reaches the time limit. */
export function runCommand(
  command: string,
  args: string[],
  { env = {}, limitMs = 600_000, cwd }: { env?: Record<string, string>; limitMs?: number; cwd?: string } = {},
): Promise<{ code: number | null; output: string; seconds: number; timedOut: boolean }> {
  return new Promise((resolve) => {
    const start = performance.now()
    const child = spawn(command, args, {
      ...(cwd && { cwd }),
      env: { ...process.env, FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      // The whole group: a test may have started servers.
      process.kill(-child.pid!, 'SIGKILL')
    }, limitMs)
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output, seconds: (performance.now() - start) / 1000, timedOut })
    })
  })
}

const number = (output: string, pattern: RegExp): number =>
  [...output.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0)

/** Runs one test file, and reads the counts in its output. A file without a test has failed. */
export async function runFile(
  file: string,
  env: Record<string, string>,
  limitMs?: number,
  cwd?: string,
): Promise<Outcome> {
  const args = ['--import', 'tsx', '--import', './test/support/preload.ts', file]
  const { code, output, seconds, timedOut } = await runCommand(process.execPath, args, {
    // There the public names of the packages lead to their sources.
    env: { TSX_TSCONFIG_PATH: 'test/tsconfig.json', ...env },
    ...(limitMs && { limitMs }),
    ...(cwd && { cwd }),
  })
  const total = number(output, /^\s+Total:\s+(\d+)/gm)
  const passed = number(output, /^\s+Passed:\s+(\d+)/gm)
  const skipped = number(output, /^\s+Skipped:\s+(\d+)/gm)
  // A skipped test counts as failed. So does a bad exit code, even if each test passed.
  const failed = Math.max(total - passed, skipped, code !== 0 || timedOut || total === 0 ? 1 : 0)
  const note = timedOut ? '\nstopped at the time limit' : total === 0 ? '\nno test ran' : ''
  const looks = number(output, /^canary looks: (\d+)/gm)
  return { name: file, passed, failed, seconds, looks, output: `${output}${note}\nexit code ${code}` }
}

/** Runs a check that passes or fails as a whole. */
export async function runCheck(name: string, command: string, args: string[]): Promise<Outcome> {
  const { code, output, seconds, timedOut } = await runCommand(command, args)
  const good = code === 0 && !timedOut
  return { name, passed: good ? 1 : 0, failed: good ? 0 : 1, seconds, looks: 0, output }
}
