import { randomBytes } from 'node:crypto'
import { type Execution, executeWorkflow, type Inputs } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { CommandError, Interrupted } from '../errors.ts'
import { createStdin, prepareFolder } from '../files.ts'
import { deliver, explainFailure, outputLines, toCommand } from '../finishRun.ts'
import { readGiven } from '../inputs/readGiven.ts'
import { inputsError, toInputs } from '../inputs/toInputs.ts'
import { type Call, commandName } from '../program.ts'
import { findPage, openOutputs, openTarget } from '../terminal/open.ts'
import { type Printer, quote } from '../terminal/printer.ts'
import { createProgress, showState } from '../terminal/progress.ts'
import { findWorkflow } from '../workflow.ts'

/** The names under which a run can be found before it has an id. */
interface Submission {
  readonly workflowId: string
  readonly groupId: string
}

/** Runs a workflow. All errors of the call are found before the run is submitted. After that, no result is lost. */
export async function run(call: Call): Promise<void> {
  const { args, flags, print, signal } = call
  const [word = '', ...words] = args
  const folder = flags.output
  // A separate group, so that a run can be found if its submission got no answer.
  const groupId = flags.group ?? `flowscale-cli-${randomBytes(4).toString('hex')}`

  const { workflowId, inputs, pageOf } = await prepare(call, word, words, folder)
  const submission = { workflowId, groupId }
  const show = async (runId: string) => pageOf && openTarget(pageOf(workflowId, runId), print)
  if (flags.detach) return show(await submit(call, inputs, submission))

  let runId: string | undefined
  let others = {}
  const progress = createProgress(print)
  try {
    progress.show('submitting')
    const result = await executeWorkflowAsync(call.client, workflowId, inputs, {
      groupId,
      previews: flags.preview,
      timeoutMs: flags.timeout! * 1000,
      signal,
      cancelOn: flags.cancelOnInterrupt ? 'abort' : 'never',
      async onSubmitted(submitted) {
        runId = submitted.runId
        others = noteSubmitted(print, runId, submitted.others)
        print.event('submitted', { runId, ...submission, ...others })
        await show(runId)
      },
      onProgress: showState(() => runId, progress, call),
    })
    if (folder !== undefined && result.outputs.length) progress.show('saving')
    const delivered = await deliver(result, folder, call)
    progress.stop()
    print.result({ ...delivered, ...others }, outputLines(delivered.outputs))
    if (!delivered.outputs.length) print.note('It has no outputs.')
    else if (folder === undefined) print.note(`To save: ${toCommand('download', [result.runId], folder)}`)
    if (flags.open) await openOutputs(delivered.outputs, print)
  } catch (error) {
    progress.stop()
    throw runId ? await explainFailure(error, runId, call) : explainUnanswered(error, submission)
  }
}

/** All steps before the submission, the cheapest first. */
async function prepare(call: Call, word: string, words: readonly string[], folder: string | undefined) {
  const { flags, print, signal } = call
  try {
    const readStdin = createStdin(print, signal)
    const given = await readGiven(words, flags, readStdin)
    const workflow = await findWorkflow(call.client, word, signal)
    const { inputs, problems } = await toInputs(workflow, given, readStdin)
    if (problems.length) throw inputsError(problems, print)
    if (folder !== undefined) await prepareFolder(folder)
    const pageOf = flags.web && (await findPage(call.client, signal))
    signal.throwIfAborted()
    return { workflowId: workflow?.id ?? word, inputs, pageOf }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new CommandError('interrupted', 'Interrupted. Nothing was submitted.')
  }
}

/** Submits a run for `--detach`, prints its id, and gives it. */
async function submit(
  { client, flags, print, signal }: Call,
  inputs: Inputs,
  submission: Submission,
): Promise<string> {
  const { workflowId, groupId } = submission
  try {
    const options = { groupId, previews: flags.preview, signal }
    const { data } = await executeWorkflow(client, workflowId, inputs, options)
    const runId = data.run_id
    const others = noteSubmitted(print, runId, data.others)
    print.result({ runId, status: 'submitted', ...submission, ...others }, runId)
    return runId
  } catch (error) {
    throw explainUnanswered(error, submission)
  }
}

/** Says that a run was submitted, and which others the server started for the same request. Gives those for the JSON. */
function noteSubmitted(
  print: Printer,
  runId: string,
  others: readonly Execution[] = [],
): { others?: string[] } {
  const ids = others.map(({ run_id }) => run_id)
  print.note(`Run ${runId} submitted${ids.length ? `. The server also started ${ids.join(', ')}` : ''}`)
  return ids.length ? { others: ids } : {}
}

/** The error for a submission that was interrupted before its run had an id: the server may have got it. */
function explainUnanswered(error: unknown, submission: Submission): unknown {
  if (!(error instanceof Interrupted)) return error
  const message =
    'Interrupted before the server answered: the run may have been submitted. ' +
    `Look for it with "${commandName} runs --group ${quote(submission.groupId)}".`
  return new CommandError('interrupted', message, { maybeSubmitted: true, ...submission })
}
