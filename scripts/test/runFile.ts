import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Fault, Told } from '../../test/support/test.ts'
import { child, type Transpiled } from './transpile.ts'

/** What failed: a case as `suite > case`, a hook, or the file. */
export interface Failure extends Fault {
  place: string
  /** The runner's stop, or a failure before the case, kept it from running. */
  isConsequence?: boolean
}

export interface Outcome {
  name: string
  passed: number
  failed: number
  failures: Failure[]
  seconds: number
  output: string
  /** How often the canary key was looked for. */
  looks: number
  /** By case, the codes and messages of its errors. */
  said: ReadonlyMap<string, Said[]>
}

export interface Said {
  code: string
  text: string
}

interface Ended {
  /** Or the signal that ended it, or what it left. `null`: it was stopped at the time limit. */
  code: number | string | null
  seconds: number
  output: string
}

const running = new Set<ChildProcess>()
process.on('exit', () => end(...running))

/** Ends commands with their groups, which have the servers that a test has started. */
function end(...commands: ChildProcess[]): void {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of commands) {
      try {
        process.kill(-pid!, signal)
      } catch {}
    }
    // A test file ends the groups that it has made itself. At the end of this process, only a pause that blocks is left.
    if (signal === 'SIGTERM' && commands.length > 0)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  }
}

/** Runs a command to its end, or until it has said nothing on file descriptor 3 for `limitMs`. */
export async function runCommand(
  command: string,
  args: string[],
  options: {
    env?: Record<string, string>
    limitMs?: number
    cwd?: string
    onLine?: (line: string) => void
  } = {},
): Promise<Ended> {
  const start = performance.now()
  const started: ChildProcess = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, FORCE_COLOR: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  })
  running.add(started)
  let output = ''
  let isLate = false
  /** How it ended, if that was before the time limit. */
  let ended: number | string | undefined
  started.on('exit', (code, signal) => {
    if (!isLate) ended = code ?? signal!
  })
  const limitMs = options.limitMs ?? 600_000
  const stop = () => {
    isLate = true
    end(started)
  }
  // A busy machine is slow to start it.
  let timer = setTimeout(stop, Math.max(limitMs, 60_000))
  const gather = (chunk: Buffer) => {
    output += chunk
  }
  started.stdout!.on('data', gather)
  started.stderr!.on('data', gather)
  createInterface({ input: started.stdio[3] as Readable }).on('line', (line) => {
    clearTimeout(timer)
    timer = setTimeout(stop, limitMs)
    options.onLine?.(line)
  })
  const code = await new Promise<number | string | null>((resolve, reject) => {
    started.on('error', reject)
    started.on('close', (code, signal) => {
      if (!isLate) resolve(code ?? signal)
      else resolve(ended === undefined ? null : `${ended}, and left a process that holds its output`)
    })
  })
  running.delete(started)
  clearTimeout(timer)
  return { code, output, seconds: (performance.now() - start) / 1000 }
}

interface Case {
  place: string
  isSkipped: boolean
  state: 'did not run' | 'did not end' | 'passed' | 'failed'
}

export interface FileOptions {
  env?: Record<string, string> | undefined
  limitMs?: number | undefined
  cwd?: string
  /** Runs only the cases whose names hold this text. */
  only?: string | undefined
}

/** Runs one test file. Each case that was declared and did not pass has failed. */
export async function runFile(
  { outputOf }: Transpiled,
  file: string,
  { env, limitMs = 300_000, cwd, only = '' }: FileOptions = {},
): Promise<Outcome> {
  const cases: Case[] = []
  const failures: Failure[] = []
  const said = new Map<string, Said[]>()
  let looks = 0
  const onLine = (line: string) => {
    const told: Told = JSON.parse(line)
    if ('looks' in told) looks = told.looks
    else if ('said' in told) said.set(told.place, [...(said.get(told.place) ?? []), told.said])
    else if ('name' in told)
      cases[told.case] = {
        place: `${told.suite} > ${told.name}`,
        isSkipped: !!told.isSkipped,
        state: 'did not run',
      }
    else if ('begin' in told) cases[told.begin]!.state = 'did not end'
    else if ('end' in told) {
      cases[told.end]!.state = told.fault ? 'failed' : 'passed'
      if (told.fault) failures.push({ place: cases[told.end]!.place, ...told.fault })
    } else failures.push({ place: told.place, ...told.fault })
  }
  const { code, output, seconds } = await runCommand(
    process.execPath,
    ['--enable-source-maps', outputOf(child), outputOf(file)],
    {
      // For the programs that tests start by tsx: the public names of the packages lead to their sources.
      env: { TSX_TSCONFIG_PATH: 'test/tsconfig.json', TEST_CHANNEL: '3', TEST_CASE: only, ...env },
      limitMs,
      onLine,
      ...(cwd && { cwd }),
    },
  )
  const isStopped = code === null
  const isCut = isStopped || failures.some(({ place }) => place.includes(' > before'))
  for (const { place, state, isSkipped } of cases) {
    if (state !== 'did not run' && state !== 'did not end') continue
    const isConsequence = !isSkipped && (state === 'did not run' ? isCut : isStopped)
    failures.push({ place, message: `it ${state}`, isConsequence })
  }
  const end = isStopped
    ? `it was stopped after ${limitMs / 1000} s without a case's end`
    : `it ended with ${code}`
  if (!cases.length && !only)
    failures.push({
      place: 'the file',
      message: `no test ran, and ${end}`,
      isLate: isStopped,
      isConsequence: code === 1 && failures.length > 0,
    })
  // A case that failed explains 1.
  else if (code !== 0 && !(code === 1 && failures.length))
    failures.push({ place: 'the file', message: end, isLate: isStopped })
  const passed = cases.filter(({ state }) => state === 'passed').length
  return { name: file, passed, failed: failures.length, failures, seconds, output, looks, said }
}

/** Whether time alone made the file fail: an event did not come, a server did not start, or the runner stopped the file. */
export const isLate = ({ failures }: Outcome): boolean =>
  failures.some((failure) => failure.isLate) &&
  failures.every((failure) => failure.isLate || failure.isConsequence)

/** Runs some files once more, and replaces their outcomes. Returns the first outcomes of the files that passed then. */
export async function runAgain(
  outcomes: Outcome[],
  isAgain: (outcome: Outcome) => boolean,
  run: (outcome: Outcome) => Promise<Outcome>,
): Promise<Outcome[]> {
  const flaky: Outcome[] = []
  for (const [index, outcome] of outcomes.entries()) {
    if (!isAgain(outcome)) continue
    const again = await run(outcome)
    outcomes[index] = again
    if (!again.failed) flaky.push(outcome)
  }
  return flaky
}

/** Runs a check that passes or fails as a whole. */
export async function runCheck(name: string, command: string, args: string[]): Promise<Outcome> {
  const { code, output, seconds } = await runCommand(command, args)
  const failures =
    code === 0 ? [] : [{ place: 'the check', message: `it ended with ${code}`, details: output }]
  const passed = 1 - failures.length
  return { name, passed, failed: failures.length, failures, seconds, output, looks: 0, said: new Map() }
}
