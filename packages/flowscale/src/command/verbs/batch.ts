import { join } from 'node:path'
import { createTally } from '../batch/createTally.ts'
import { openBatch } from '../batch/openBatch.ts'
import { retryFailed } from '../batch/retryFailed.ts'
import { runRows } from '../batch/runRows.ts'
import { summarise } from '../batch/summarise.ts'
import type { ResultLine } from '../batch/types.ts'
import { CommandError } from '../errors.ts'
import { createStdin } from '../files.ts'
import type { Call } from '../program.ts'
import { checkRows } from '../rows/checkRows.ts'
import { readRows } from '../rows/readRows.ts'
import { findWorkflow } from '../workflow.ts'

/** Runs a workflow on each row of a file. Its state is in a folder, so that a later start goes on. */
export async function batch(call: Call): Promise<void> {
  const { args, flags, print, signal } = call
  const [word = '', path = ''] = args
  const folder = flags.output!
  const concurrency = flags.concurrency!
  const timeoutMs = flags.timeout && flags.timeout * 1000
  const table = await readRows(path, createStdin(print, signal), print)
  const { client } = call
  const workflow = await findWorkflow(client, word, signal)
  const workflowId = workflow?.id ?? word
  const items = await checkRows(workflow, table, call)
  const rows = items.length
  const expected = { workflowId, url: client.baseUrl, rows, hashes: items.map(({ hash }) => hash) }
  const opened = await openBatch(folder, expected)
  const limit = new AbortController()
  // At most what a timer can hold.
  const timer =
    timeoutMs &&
    setTimeout(() => limit.abort(new CommandError('timedOut', '')), Math.min(timeoutMs, 2 ** 31 - 1))
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const { tally, show, stop: stopShowing } = createTally(rows)
  let ended: unknown
  const reasons: unknown[] = []
  try {
    if (flags.retryFailed) await retryFailed(opened)
    const { batchId, results, runs } = opened
    for (const { status } of results.values()) {
      if (status === 'completed') tally.done++
      if (status === 'failed') tally.failed++
    }
    print.event('batch', { batchId, rows, done: tally.done, failed: tally.failed })
    const pending = items.filter(({ row }) => (results.get(row)?.status ?? 'unfinished') === 'unfinished')
    tally.running = pending.filter(({ row }) => runs.get(row)?.runId).length
    if (pending.length) show()
    await runRows({
      client,
      workflowId,
      folder,
      rows,
      pending,
      batch: opened,
      concurrency,
      signal: limit.signal,
      onSubmitted(row, runId, others) {
        tally.running++
        print.event('submitted', {
          row,
          runId,
          ...(others && { others: others.map(({ run_id }) => run_id) }),
        })
        show()
      },
      onEnd(result, reason) {
        if (reason) reasons.push(reason)
        if (result.runId) tally.running--
        if (result.status === 'completed') tally.done++
        if (result.status === 'failed') tally.failed++
        print.event('row', result)
        if (result.status !== 'completed' || !process.stderr.isTTY) print.note(told(folder, result))
        show()
      },
    })
  } catch (error) {
    ended = error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    stopShowing()
    await opened.sort().catch((error) => {
      ended ??= error
    })
    await opened.close()
  }
  summarise(opened, { folder, rows, ended, reasons, print })
}

/** A line for a person on what came of a row. */
function told(folder: string, { row, status, outputs = [], error }: ResultLine): string {
  if (status !== 'completed') return `row ${row} ${status}: ${error?.message}`
  const paths = outputs.map(({ path }) => join(folder, path)).join(', ')
  return `row ${row} done: ${paths || 'no outputs'}`
}
