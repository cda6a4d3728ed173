import { isDone, isFailed, isSameOutput, toRun } from '../run.ts'
import type { Run } from '../types.ts'
import type { ProxyRequest } from './routes.ts'
import { type OrRefusal, refuse, safeHeaders } from './routes.ts'

/** Asks the pod for an envelope; a refusal is the answer where there is none. */
export type ReadPod = (
  path: string,
  query: Record<string, string>,
) => Promise<OrRefusal<Record<string, unknown>>>

/** The most pages of a group that are looked through, of 100 runs each. */
const maxPages = 50

/** Keeps a request within a group. Gives the answer to one that is about others, or that can't be looked into. */
export async function keepToGroup(
  groupId: string,
  { operation, runId, query }: ProxyRequest,
  getEnvelope: ReadPod,
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
    const { refusal, value } = await getEnvelope(`/api/v1/runs/${runId}`, {})
    if (refusal) {
      return refusal.status === 404 ? notFound : refusal
    }
    const { group_id } = Object(value.data)
    if (group_id !== undefined) return group_id === groupId ? undefined : notFound
    // This server's runs don't tell.
  }
  const seen = new Set<string>()
  let isGoing = false
  for (let page = 1; page <= maxPages; page++) {
    const { refusal, value } = await getEnvelope('/api/v1/runs', {
      group_id: groupId,
      page: `${page}`,
      page_size: '100',
    })
    if (refusal) return refusal
    const { data, meta } = value
    const before = seen.size
    for (const item of [Object(data).runs ?? data].flat()) {
      const run = toRun(item)
      seen.add(run._id)
      // A server may know nothing of groups, and tell of none: not even of `null`.
      if (run.group_id !== undefined && run.group_id !== groupId) continue
      if (runId) {
        if (run._id === runId) return undefined
        continue
      }
      const name = findName(filename!, run)
      if (name) {
        // The pod's own name for it: the caller's may be the name of another's output.
        query.filename = name
        return undefined
      }
      isGoing ||= !isDone(run.status) && !isFailed(run.status)
    }
    if (page === Object(meta).total_pages || seen.size === before) break
  }
  // A run of the group may still make that output.
  return isGoing && filename ? new Response(null, { status: 204, headers: safeHeaders }) : notFound
}

/** The name that a run has for an output, with an extension or without one, as either may be asked for. */
function findName(filename: string, { outputs, output_names = [] }: Run): string | undefined {
  const names = [...outputs.flatMap(({ filename }) => filename ?? []), ...output_names]
  return names.includes(filename)
    ? filename
    : names.find((name) => isSame(name, filename) && !names.some((other) => isSame(name, other)))
}

/** Whether one has an extension that the other lacks: `a.png` is `a`, but `a.png.b` is not `a.png`. */
const isSame = (...names: [string, string]): boolean =>
  isSameOutput(...names) && !names.every((name) => /\.[a-z\d]+$/i.test(name))
