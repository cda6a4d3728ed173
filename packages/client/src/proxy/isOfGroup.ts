import { getRun } from '../api/getRun.ts'
import { iterateRuns } from '../api/iterateRuns.ts'
import { HttpError } from '../errors.ts'
import { isDone, isFailed } from '../internal/status.ts'
import type { Client, Run } from '../types.ts'
import type { Call } from './readCall.ts'

/** Whether what a call is about belongs to a group; `undefined`: a run of the group may still make that output. */
export async function isOfGroup(
  client: Client,
  groupId: string,
  { operation, runId, query }: Call,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const list = () => iterateRuns(client, { groupId, pageSize: 100, signal })
  if (operation === 'getOutput') {
    let isGoing = false
    for await (const run of list()) {
      if (names(run).includes(stem(query.filename!))) return true
      isGoing ||= !isDone(run.status) && !isFailed(run.status)
    }
    return isGoing ? undefined : false
  }
  try {
    const { data } = await getRun(client, runId, { signal })
    if (data.group_id !== undefined) return data.group_id === groupId
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return false
    throw error
  }
  // This server's runs don't tell.
  for await (const run of list()) if (run._id === runId) return true
  return false
}

/** Names of outputs come with and without an extension. */
const stem = (filename: string): string => filename.replace(/\.[^.]+$/, '')

function names({ outputs, output_names }: Run): string[] {
  const listed = Array.isArray(output_names) ? output_names : []
  return [...outputs.map(({ filename }) => filename), ...listed].map((name) => stem(`${name}`))
}
