import { HttpError, keepsKeys } from '@flowscale/client'
import { checkRows } from '../batch/checkRows.ts'
import { openBatch, readBatch, retryFailed } from '../batch/openBatch.ts'
import { readRows } from '../batch/readRows.ts'
import { runRows } from '../batch/runRows.ts'
import { createTally, summarise } from '../batch/summarise.ts'
import { CommandError } from '../errors.ts'
import { createStdin } from '../files.ts'
import type { Call } from '../program.ts'
import { findWorkflow } from '../workflow.ts'

/** Runs a workflow on each row of a file. Its state is in a folder, so that a later start goes on. */
export async function batch(call: Call): Promise<void> {
  const { args, flags, print, signal } = call
  const [word = '', path = ''] = args
  const folder = flags.output!
  const concurrency = flags.concurrency!
  const timeoutMs = flags.timeout && flags.timeout * 1000
  // A folder that can't be used is refused before the first request.
  await readBatch(folder)
  const table = await readRows(path, createStdin(print, signal), print)
  const { client } = call
  const workflow = await findWorkflow(client, word, signal)
  const workflowId = workflow?.id ?? word
  const checked = await checkRows(workflow, table, call)
  const rows = checked.length
  const hashes = checked.map(({ hash }) => hash)
  const isKeyed = (await keepsKeys(client, { signal }).catch(orRefused)) || undefined
  const state = await openBatch(folder, { workflowId, url: client.baseUrl, rows, hashes, isKeyed })

  const tally = createTally(state, { folder, rows, print })
  const limit = new AbortController()
  // At most what a timer can hold.
  const timer =
    timeoutMs &&
    setTimeout(() => limit.abort(new CommandError('timedOut', '')), Math.min(timeoutMs, 2 ** 31 - 1))
  const either = AbortSignal.any([signal, limit.signal])
  const runPending = async () => {
    if (flags.retryFailed) await retryFailed(state)
    const { results } = state
    const pending = checked.filter(({ row }) => (results.get(row)?.status ?? 'unfinished') === 'unfinished')
    tally.begin(pending)
    const options = { client, workflowId, folder, rows, state, tally, concurrency, signal: either }
    await runRows(options, pending)
  }
  let ended = await runPending().catch((error: unknown) => error)
  clearTimeout(timer)
  tally.stop()
  // A failure to sort counts only if nothing else ended the batch: all results are on the disk.
  await state.sort().catch((error: unknown) => {
    ended ??= error
  })
  // Unlocks the folder, which is therefore last.
  await state.close()
  summarise(state, { folder, rows, print }, ended, tally.reasons)
}

/** A proxy may pass no health. After any other failure nobody knows, and nothing is submitted. */
function orRefused(error: unknown): false {
  if (error instanceof HttpError && error.status < 500) return false
  throw error
}
