import { isEnded, isSameOutput, toRun } from '../run.ts'
import type { Run } from '../types.ts'
import { type OrRefusal, type ProxyRequest, refuse, routes, safeHeaders } from './routes.ts'

/** Reads an envelope of the pod. */
export type ReadPod = (
  path: string,
  query: Record<string, string>,
) => Promise<OrRefusal<Record<string, unknown>>>

/** The longest group that is searched, in pages of 100 runs. */
const maxPages = 50

/**
 * Keeps visitors apart: gives the request that may be sent for a caller of this group. It refuses requests about runs and
 * outputs of other groups.
 */
export async function keepToGroup(
  groupId: string,
  request: ProxyRequest,
  read: ReadPod,
): Promise<OrRefusal<ProxyRequest>> {
  const { operation, runId, query } = request
  const pass = (more?: object) => ({ value: { ...request, query: { ...query, ...more } } })
  // The same 404 for foreign and for missing runs, so that callers can't probe.
  const notFound = { refusal: refuse(404, 'Not Found') }
  if ('group_id' in routes[operation].query) {
    // A submission goes to the group of the caller, whatever group it names.
    if (routes[operation].method === 'GET' && (query.group_id ?? groupId) !== groupId) return notFound
    return pass({ group_id: groupId })
  }
  const { filename } = query
  if (!runId && !filename) return pass()
  if (runId) {
    const { refusal, value } = await read(`/api/v1/runs/${runId}`, {})
    if (refusal) return refusal.status === 404 ? notFound : { refusal }
    const { group_id } = Object(value.data)
    if (group_id !== undefined) return group_id === groupId ? pass() : notFound
    // This server does not name the group of a run, so the run is looked for in the list of the group.
  }
  const seen = new Set<string>()
  let isGoing = false
  for (let page = 1; page <= maxPages; page++) {
    const list = { group_id: groupId, page: `${page}`, page_size: '100' }
    const { refusal, value } = await read('/api/v1/runs', list)
    if (refusal) return { refusal }
    const { data, meta } = value
    const before = seen.size
    for (const item of [Object(data).runs ?? data].flat()) {
      const run = toRun(item)
      seen.add(run._id)
      // A server may ignore the group and list other runs, too. A server may also list the group without naming it in each run.
      if (run.group_id !== undefined && run.group_id !== groupId) continue
      if (runId) {
        if (run._id === runId) return pass()
        continue
      }
      const name = findName(filename!, run)
      // The pod's own name is sent, because the caller's may be the name of an output of another group.
      if (name) return pass({ filename: name })
      isGoing ||= !isEnded(run.status)
    }
    if (page === Object(meta).total_pages || seen.size === before) break
  }
  // A run of the group that goes on may still make the output. A 204 means that it is not ready.
  return isGoing && filename
    ? { refusal: new Response(null, { status: 204, headers: safeHeaders }) }
    : notFound
}

/** The name that a run has for an output. The caller's name may lack the extension, or have one that the run lacks. */
function findName(filename: string, { outputs, output_names = [] }: Run): string | undefined {
  const names = [...outputs.flatMap(({ filename }) => filename ?? []), ...output_names]
  return names.includes(filename)
    ? filename
    : names.find((name) => isSame(name, filename) && !names.some((other) => isSame(name, other)))
}

/** Whether one name has an extension that the other lacks: `a.png` is `a`, but `a.png.b` is not `a.png`. */
const isSame = (...names: [string, string]): boolean =>
  isSameOutput(...names) && !names.every((name) => /\.[a-z\d]+$/i.test(name))
