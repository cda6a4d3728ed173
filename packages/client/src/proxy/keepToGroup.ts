import { isDone, isFailed, toRun } from '../internal/data.ts'
import { isSameOutput } from '../internal/isSameOutput.ts'
import type { Run } from '../types.ts'
import type { Call } from './readCall.ts'
import { own, refuse } from './refuse.ts'

/** Asks the pod: gives the envelope, or the answer of the proxy where there is none. */
export type Ask = (path: string, query: Record<string, string>) => Promise<Record<string, unknown> | Response>

/** Keeps a call within a group. Gives the answer to one that is about others, or that can't be looked into. */
export async function keepToGroup(
  groupId: string,
  { operation, runId, query }: Call,
  ask: Ask,
): Promise<Response | undefined> {
  // The same for what is of others as for what is not there.
  const notFound = refuse(404, 'Not Found')
  if (operation === 'executeWorkflow' || operation === 'getRuns') {
    // One that asks for another group learns nothing of it.
    if (operation === 'getRuns' && (query.group_id ?? groupId) !== groupId) return notFound
    query.group_id = groupId
    return undefined
  }
  const { filename } = query
  if (!runId && !filename) return undefined
  if (runId) {
    const told = await ask(`/api/v1/runs/${runId}`, {})
    if (told instanceof Response) {
      if (told.status !== 404) return told
      // It may be long, and would hold its connection.
      told.body?.cancel().catch(() => {})
      return notFound
    }
    const { group_id } = Object(told.data)
    if (group_id !== undefined) return group_id === groupId ? undefined : notFound
    // This server's runs don't tell.
  }
  const seen = new Set<string>()
  let isGoing = false
  for (let page = 1, before = -1; seen.size > before; page++) {
    const told = await ask('/api/v1/runs', { group_id: groupId, page: `${page}`, page_size: '100' })
    if (told instanceof Response) return told
    const { data, meta } = told
    before = page === Object(meta).total_pages ? Number.POSITIVE_INFINITY : seen.size
    for (const item of [Object(data).runs ?? data].flat()) {
      const run = toRun(item)
      seen.add(run._id)
      // A server may know nothing of groups.
      if ((run.group_id ?? groupId) !== groupId) continue
      if (
        runId
          ? run._id === runId
          : namesOf(run).some((name) => name === filename || isSameOutput(name, filename!))
      )
        return undefined
      isGoing ||= !isDone(run.status) && !isFailed(run.status)
    }
  }
  // A run of the group may still make that output.
  return isGoing && filename ? new Response(null, { status: 204, headers: own }) : notFound
}

const namesOf = ({ outputs, output_names }: Run): string[] =>
  [outputs.map(({ filename }) => filename), output_names ?? []].flat().map(String)
