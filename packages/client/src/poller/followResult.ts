import { getOutput } from '../api/getOutput.ts'
import { getRun } from '../api/getRun.ts'
import { HttpError, RunError } from '../errors.ts'
import { text } from '../internal/data.ts'
import { check, checkOptions, isId, type Rule } from '../internal/options.ts'
import { isDone, isFailed } from '../internal/status.ts'
import type { Client, Output, Run } from '../types.ts'
import { createPoll } from './poll.ts'
import { runError } from './runError.ts'
import { timedOut } from './waitForOutput.ts'
import { type WaitOptions, waitRules } from './waitForRun.ts'

/** Options of {@link waitForResult}. */
export interface WaitForResultOptions extends WaitOptions {
  /** Names of the outputs, as `onSubmitted` gave them. Needed on servers that can't tell the state of a run. */
  outputNames?: readonly string[] | undefined
}

/** An output file of a result. */
export interface ResultOutput extends Output {
  filename: string
}

/** The result of a run. */
export interface RunResult {
  status: 'success'
  /** As published: the output where there is one, else a list. */
  data: Output | ResultOutput[]
  runId: string
  /** Always a list. */
  outputs: ResultOutput[]
}

const resultRules: Record<keyof WaitForResultOptions, Rule> = {
  ...waitRules,
  outputNames: (value) =>
    (Array.isArray(value) && value.every((name) => isId(name) === true)) || 'an array of names',
}

/** Polls a run until its outputs are there. `first` is waited for before the first poll, on the same clock. */
export async function followResult(
  client: Client,
  runId: string,
  options: WaitForResultOptions,
  first?: () => unknown,
): Promise<RunResult> {
  checkOptions(options, resultRules)
  check('runId', runId, isId)
  const names = new Set(options.outputNames)
  const poll = createPoll(client, options, 'Workflow execution', runId, (more) =>
    followResult(client, runId, { ...options, outputNames: [...names], ...more }),
  )
  let last: Run | undefined
  /** Whether the server has `getRun`; `undefined` until it has shown it. */
  let tellsRuns: boolean | undefined
  const found = new Map<string, ResultOutput>()

  /** Takes in a state. A terminal one is never undone. */
  const update = async (run: Run): Promise<void> => {
    const before = last?.status
    const now = before !== undefined && isDone(before) ? { ...run, status: before } : run
    last = now
    if (now.status !== before) await poll.tell(() => options.onUpdate?.(now))
    if (isFailed(now.status)) throw runError(client, runId, now)
  }

  /** Asks for the state; says whether there is nobody to ask. */
  const askRun = async (): Promise<boolean> => {
    let run: Run | undefined
    try {
      run = (await poll.ask((request) => getRun(client, runId, request)))?.data
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 404 || tellsRuns || !names.size) throw error
      tellsRuns = false
      return true
    }
    if (run) {
      tellsRuns = true
      for (const name of Array.isArray(run.output_names) ? run.output_names : []) {
        if (isId(name) === true && ![...names].some((known) => isSame(known, name))) names.add(name)
      }
      await update(run)
    }
    return false
  }

  const askOutput = async (name: string): Promise<ResultOutput | undefined> => {
    try {
      const output = await poll.ask((request) => getOutput(client, name, request))
      return output ? { ...output.data, filename: text(output.data.filename) || name } : undefined
    } catch (error) {
      if (error instanceof RunError && !last) await poll.tell(() => options.onUpdate?.(stateOf(error.status)))
      if (!(error instanceof HttpError) || (error.status !== 404 && error.status !== 408)) throw error
      // Where the server tells runs, the next round asks it what became of this one.
      if (!tellsRuns && (await askRun()) && error.status === 408) throw timedOut(error, runId)
      return undefined
    }
  }

  /** The outputs, if all are there. */
  const collect = async (): Promise<ResultOutput[] | undefined> => {
    const listed = (last?.outputs ?? []).filter(({ filename, url }) => isId(filename) === true || url)
    const missing = [...names].filter((name) => !listed.some(({ filename }) => isSame(filename, name)))
    const wanted = [...listed, ...missing.map((filename) => ({ filename, url: undefined }))]
    const outputs: ResultOutput[] = []
    for (const { filename = '', url } of wanted) {
      const output =
        typeof url === 'string' && url
          ? { filename, download_url: url, generation_status: 'success' }
          : (found.get(filename) ?? (await askOutput(filename)))
      if (!output) continue
      found.set(filename, output)
      outputs.push(output)
    }
    return outputs.length === wanted.length ? outputs : undefined
  }

  const stateOf = (status: string): Run => ({ _id: runId, status, inputs: [], outputs: [] })

  try {
    if (first) await poll.tell(first)
    for (;;) {
      if (tellsRuns !== false) await askRun()
      if (tellsRuns === false || (last && isDone(last.status))) {
        const outputs = await collect()
        if (outputs) {
          if (!last) await update(stateOf('completed'))
          const [{ filename: _, ...only } = {} as ResultOutput] = outputs
          return { status: 'success', data: outputs.length === 1 ? only : outputs, runId, outputs }
        }
      }
      await poll.pause()
    }
  } catch (error) {
    throw await poll.fail(error)
  }
}

/** Some servers leave the extension out of a name, in some answers. */
function isSame(one: string | undefined, other: string): boolean {
  return one !== undefined && (one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`))
}
