import { usageError } from '../errors.ts'
import type { BatchFile } from './types.ts'

/**
 * The id of the batch in a `batch.json`.
 *
 * @throws a `CommandError` where it is not the batch that is expected: to go on with it would give rows the runs of others
 */
export function checkBatch(
  path: string,
  text: string,
  expected: Omit<BatchFile, 'version' | 'batchId'>,
): string {
  const file = read(text)
  if (!file)
    throw usageError(`${path} is not the state of a batch that this version can read: use another -o DIR.`)
  const { batchId, workflowId, url, rows, hashes } = file
  const refuse = (difference: string) =>
    usageError(`${path} is of another batch: ${difference}. For a new batch use another -o DIR.`)
  if (workflowId !== expected.workflowId) throw refuse(`its workflow is ${workflowId}`)
  if (url !== expected.url) throw refuse(`its server is ${url}`)
  if (rows !== expected.rows) throw refuse(`it has ${rows} rows, and the file now has ${expected.rows}`)
  const changed = expected.hashes.flatMap((hash, index) => (hash === hashes[index] ? [] : [index + 1]))
  if (changed.length) {
    const [first, ...more] = changed
    throw refuse(`row ${first}${more.length ? ` and ${more.length} more have` : ' has'} changed since`)
  }
  return batchId
}

function read(text: string): BatchFile | undefined {
  try {
    const file = JSON.parse(text)
    const isRead = file.version === 1 && typeof file.batchId === 'string' && file.batchId !== ''
    return isRead && Array.isArray(file.hashes) ? file : undefined
  } catch {
    return undefined
  }
}
