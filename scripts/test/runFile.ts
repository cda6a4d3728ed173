import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Fault, Told } from '../../test/support/test.ts'
import { child, type Transpiled } from './transpile.ts'

/** What failed: a case as `suite > case`, a hook, or the file. */
export interface Failure extends Fault {
  place: string
  /** It follows from another failure of the file. */
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
  /** Or the signal that ended it. `null`: it was stopped at the time limit. */
  code: number | string | null
  seconds: number
  output: string
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
  let output = ''
  let isLate = false
  const limitMs = options.limitMs ?? 600_000
  const stop = () => {
    isLate = true
    // The whole group: a test may have started servers.
    process.kill(-started.pid!, 'SIGKILL')
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
    started.on('close', (code, signal) => resolve(isLate ? null : (code ?? signal)))
  })
  clearTimeout(timer)
  return { code, output, seconds: (performance.now() - start) / 1000 }
}

interface Case {
  place: string
  state: 'did not run' | 'did not end' | 'passed' | 'failed'
}

export interface FileOptions {
  env?: Record<string, string> | undefined
  limitMs?: number | undefined
  cwd?: string
  /** Runs the cases alone whose names hold this text. */
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
      cases[told.case] = { place: `${told.suite} > ${told.name}`, state: 'did not run' }
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
  for (const { place, state } of cases) {
    if (state === 'did not run' || state === 'did not end')
      failures.push({ place, message: `it ${state}`, isConsequence: true })
  }
  const end = isStopped
    ? `it was stopped after ${limitMs / 1000} s without a case's end`
    : `it ended with ${code}`
  if (!cases.length && !only)
    failures.push({ place: 'the file', message: `no test ran, and ${end}`, isLate: isStopped })
  // A case that failed explains 1.
  else if (code !== 0 && !(code === 1 && failures.length))
    failures.push({ place: 'the file', message: end, isLate: isStopped })
  const passed = cases.filter(({ state }) => state === 'passed').length
  return { name: file, passed, failed: failures.length, failures, seconds, output, looks, said }
}

/** Whether time alone made the file fail: an event did not come, a server did not start, or the runner stopped the file. */
const isLate = ({ failures }: Outcome): boolean =>
  failures.some((failure) => failure.isLate) &&
  failures.every((failure) => failure.isLate || failure.isConsequence)

/** Runs each file once more that failed by time alone, and puts that outcome in its place. Gives the first outcomes of those that passed now. */
export async function runLateAgain(
  outcomes: Outcome[],
  run: (outcome: Outcome) => Promise<Outcome>,
): Promise<Outcome[]> {
  const flaky: Outcome[] = []
  for (const [index, outcome] of outcomes.entries()) {
    if (!isLate(outcome)) continue
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
