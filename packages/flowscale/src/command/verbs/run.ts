import { randomBytes } from 'node:crypto'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { CommandError, usageError } from '../CommandError.ts'
import { findWorkflow } from '../findWorkflow.ts'
import { createStdin } from '../inputs/createStdin.ts'
import { readGiven } from '../inputs/readGiven.ts'
import { inputsError, toInputs } from '../inputs/toInputs.ts'
import { createProgress } from '../progress.ts'
import { beforeId } from '../run/beforeId.ts'
import { deliver } from '../run/deliver.ts'
import { explainEnd } from '../run/explainEnd.ts'
import { goOn } from '../run/goOn.ts'
import { outputLines } from '../run/outputLines.ts'
import { prepareFolder } from '../run/prepareFolder.ts'
import { readTimeoutMs } from '../run/readTimeoutMs.ts'
import { showState } from '../run/showState.ts'
import { noteSubmitted, submit } from '../run/submit.ts'
import type { Call } from '../types.ts'

/** Runs a workflow. All errors of the call are found before the run is submitted. After that, no result is lost. */
export async function run(call: Call): Promise<void> {
  const { args, flags, output, signal } = call
  const [word = '', ...words] = args
  const folder = flags.output as string | undefined
  const timeoutMs = readTimeoutMs(flags)
  const idle = ['output', 'timeout', 'cancelOnInterrupt'].find(
    (name) => flags.detach && flags[name] !== undefined,
  )
  if (idle) throw usageError(`--detach does not wait: leave out ${names[idle]}.`)
  // A separate group, so that a run can be found if its submission got no answer.
  const groupId = (flags.group as string | undefined) ?? `flowscale-cli-${randomBytes(4).toString('hex')}`

  const { workflowId, inputs } = await prepare(call, word, words, folder)
  const submission = { workflowId, groupId }
  if (flags.detach) return submit(call, inputs, submission)

  let runId: string | undefined
  let others = {}
  const progress = createProgress()
  try {
    progress.show('submitting')
    const result = await executeWorkflowAsync(call.client, workflowId, inputs, {
      groupId,
      timeoutMs,
      signal,
      cancelOn: flags.cancelOnInterrupt ? 'abort' : 'never',
      onSubmitted(submitted) {
        runId = submitted.runId
        others = noteSubmitted(output, runId, submitted.others)
        output.event('submitted', { runId, ...submission, ...others })
      },
      onProgress: showState(() => runId, progress, call),
    })
    if (folder !== undefined && result.outputs.length) progress.show('saving')
    const delivered = await deliver(result, folder, call)
    progress.stop()
    output.result({ ...delivered, ...others }, outputLines(delivered.outputs))
    if (!delivered.outputs.length) output.note('It has no outputs.')
    else if (folder === undefined) output.note(`To save: ${goOn('download', [result.runId], folder)}`)
  } catch (error) {
    progress.stop()
    throw runId ? await explainEnd(error, runId, call) : beforeId(error, submission)
  }
}

const names: Readonly<Record<string, string>> = {
  output: '-o',
  timeout: '--timeout',
  cancelOnInterrupt: '--cancel-on-interrupt',
}

/** All steps before the submission, the cheapest first. */
async function prepare(call: Call, word: string, words: readonly string[], folder: string | undefined) {
  const { flags, output, signal } = call
  try {
    const readStdin = createStdin(output, signal)
    const given = await readGiven(words, flags, readStdin)
    const workflow = await findWorkflow(call.client, word, signal)
    const { inputs, problems } = await toInputs(workflow, given, readStdin)
    if (problems.length) throw inputsError(problems, output)
    if (folder !== undefined) await prepareFolder(folder)
    signal.throwIfAborted()
    return { workflowId: workflow?.id ?? word, inputs }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new CommandError('interrupted', 'Interrupted. Nothing was submitted.')
  }
}
