import { getOutput } from '../api/getOutput.ts'
import { getRun } from '../api/getRun.ts'
import { RunError } from '../errors.ts'
import { text } from '../internal/data.ts'
import { check, checkOptions, isId, type Rule } from '../internal/options.ts'
import { isDone, isFailed } from '../internal/status.ts'
import type { Client, ResultOutput, Run, RunOutput, RunResult } from '../types.ts'
import { holdsName, legal } from './outputNames.ts'
import { createPoll } from './poll.ts'
import { runError } from './runError.ts'
import { timedOut } from './waitForOutput.ts'
import { type WaitOptions, waitRules } from './waitForRun.ts'

/** Options of {@link waitForResult}. */
export interface WaitForResultOptions extends WaitOptions {
  /** Names of the outputs, as `onSubmitted` gave them. Needed on servers that can't tell the state of a run. */
  outputNames?: readonly string[] | undefined
}

const resultRules: Record<keyof WaitForResultOptions, Rule> = {
  ...waitRules,
  outputNames: (value) =>
    (Array.isArray(value) && value.every((name) => isId(name) === true)) || 'an array of names',
}

const namesOf = (run: Run | undefined): string[] => legal(run?.outputs?.map(({ filename }) => filename))

/** Polls a run until its outputs are there. `first` is waited for before the first poll, on the same clock. */
export async function followResult(
  client: Client,
  runId: string,
  options: WaitForResultOptions,
  first?: () => unknown,
  /** The last state that an earlier wait saw. */
  before?: Run,
): Promise<RunResult> {
  checkOptions(options, resultRules)
  check('runId', runId, isId)
  const names = [...new Set(options.outputNames)]
  const poll = createPoll(client, options, 'Workflow execution', runId, (more) =>
    followResult(client, runId, { ...options, outputNames: names, ...more }, undefined, last),
  )
  /** The last state that counts. */
  let last = before
  let status = before?.status
  let rounds = 0
  /** Whether the server has `getRun`; `undefined` until it has shown it. */
  let tellsRuns: boolean | undefined
  const found = new Map<string, ResultOutput>()

  const addNames = (given: string[]) => {
    for (const name of given) if (!holdsName(names, name, given)) names.push(name)
  }

  /** Takes in a state. A terminal one is never undone. */
  const update = async (run: Run): Promise<void> => {
    const wasDone = isDone(status)
    if (wasDone && !isDone(run.status)) return
    const changed = !wasDone && run.status !== status
    last = run
    status = run.status
    // A later answer may leave them out.
    if (isDone(status)) addNames(namesOf(run))
    if (changed && options.onUpdate) await poll.tell(() => options.onUpdate?.(run))
  }

  /** Takes in a state that only an output tells of. */
  const updateTo = (word: string): Promise<void> =>
    update({ _id: runId, status: word, inputs: [], outputs: [] })

  /** Asks for the state; says whether there is nobody to ask. */
  const askRun = async (): Promise<boolean> => {
    const run = await poll.ask(
      (asked, request) => getRun(asked, runId, request),
      (error) => {
        if (error.status === 408) return undefined
        if (error.status !== 404 || tellsRuns || !names.length) throw error
        tellsRuns = false
        return null
      },
    )
    if (run) {
      tellsRuns = true
      addNames(legal(run.data.output_names))
      await update(run.data)
      if (isFailed(status)) throw runError(runId, run.data, poll.sent)
    }
    return run === null
  }

  const askOutput = async (name: string): Promise<ResultOutput | undefined> => {
    const output = await poll.ask(
      (asked, request) => getOutput(asked, name, request),
      async (error) => {
        if (error instanceof RunError) await updateTo(error.status)
        if (error.status !== 404 && error.status !== 408) throw error
        // Where the server tells runs, the next round asks it what became of this one.
        if (!tellsRuns && (await askRun()) && error.status === 408) {
          await updateTo('timed_out')
          throw timedOut(error, `Run ${runId}`, runId)
        }
        return undefined
      },
    )
    return output ? { ...output.data, filename: text(output.data.filename) || name } : undefined
  }

  /** The outputs, if all are there. */
  const collect = async (): Promise<ResultOutput[] | undefined> => {
    const listed = namesOf(last)
    const missing = names.filter((name) => !holdsName(listed, name, names))
    const outputs: ResultOutput[] = []
    let wanted = 0
    for (const { filename, url } of [
      ...(last?.outputs ?? []),
      ...missing.map((filename): RunOutput => ({ filename })),
    ]) {
      const [name = ''] = legal([filename])
      if (!name && !url) continue
      wanted++
      const output = url
        ? { filename: name, download_url: url, generation_status: 'success' }
        : (found.get(name) ?? (await askOutput(name)))
      if (!output) continue
      found.set(name, output)
      outputs.push(output)
    }
    return outputs.length === wanted ? outputs : undefined
  }

  try {
    if (first) {
      await poll.tell(first)
      await poll.begin()
    }
    for (;;) {
      // Now and then even where it was not known: the first 404 may have come too early.
      if (tellsRuns !== false || rounds++ % 10 === 9) await askRun()
      if (tellsRuns === false || isDone(status)) {
        const outputs = await collect()
        if (outputs) {
          await updateTo('completed')
          const [{ filename: _, ...only } = {} as ResultOutput] = outputs
          return { status: 'success', data: outputs.length === 1 ? only : outputs, runId, outputs }
        }
      }
      await poll.pause()
    }
  } catch (error) {
    return await poll.fail(error)
  } finally {
    poll.stop()
  }
}
