import { getFeatures, getSystemStats, postFree, postInterrupt } from '../routes/control.ts'
import { getHistory, getHistoryEntry, postHistory } from '../routes/history.ts'
import { getJob, getJobs } from '../routes/jobs.ts'
import { getClass, getObjectInfo } from '../routes/objectInfo.ts'
import { getPrompt, postPrompt } from '../routes/prompt.ts'
import { getQueue, postQueue } from '../routes/queue.ts'
import { postUpload } from '../routes/upload.ts'
import * as userdata from '../routes/userdata.ts'
import { getView } from '../routes/view.ts'
import type { Version } from '../versions.ts'
import type { Context } from './context.ts'
import { noFile, type Reply, text } from './replies.ts'

type Handler = (context: Context) => Reply | Promise<Reply>

const routes: readonly (readonly [method: string, path: string, handler: Handler])[] = [
  ['GET', '/prompt', getPrompt],
  ['POST', '/prompt', postPrompt],
  ['GET', '/queue', getQueue],
  ['POST', '/queue', postQueue],
  ['GET', '/history', getHistory],
  ['GET', '/history/*', getHistoryEntry],
  ['POST', '/history', postHistory],
  ['POST', '/interrupt', postInterrupt],
  ['POST', '/free', postFree],
  ['GET', '/object_info', getObjectInfo],
  ['GET', '/object_info/*', getClass],
  ['GET', '/system_stats', getSystemStats],
  ['GET', '/features', getFeatures],
  ['POST', '/upload/image', postUpload],
  ['GET', '/view', getView],
  ['GET', '/userdata', userdata.listUserdata],
  ['GET', '/userdata/*', userdata.getUserdata],
  ['POST', '/userdata/*', userdata.postUserdata],
  ['DELETE', '/userdata/*', userdata.deleteUserdata],
  ['GET', '/v2/userdata', userdata.listUserdataV2],
  ['GET', '/users', userdata.getUsers],
]

const jobRoutes: typeof routes = [
  ['GET', '/api/jobs', getJobs],
  ['GET', '/api/jobs/*', getJob],
]

/** The open parts of a path, or `undefined` where it is another one. */
function match(pattern: string, path: string): string[] | undefined {
  const wanted = pattern.split('/')
  const parts = path.split('/')
  if (wanted.length !== parts.length) return undefined
  const open: string[] = []
  for (const [at, part] of wanted.entries()) {
    if (part !== '*' && part !== parts[at]) return undefined
    if (part !== '*') continue
    if (!parts[at]) return undefined
    open.push(decodeURIComponent(parts[at]))
  }
  return open
}

/** What answers a request. Each route is there a second time below `/api`; files of the front end come last. */
export function findRoute(
  version: Version,
  method: string,
  path: string,
): { handler: Handler; params: readonly string[] } {
  const paths = path.startsWith('/api/') ? [path, path.slice('/api'.length)] : [path]
  const methods = new Set(['GET', 'HEAD'])
  for (const [held, pattern, handler] of version.jobs ? [...routes, ...jobRoutes] : routes) {
    const params = paths.map((candidate) => match(pattern, candidate)).find(Boolean)
    if (!params) continue
    if (held === (method === 'HEAD' ? 'GET' : method)) return { handler, params }
    methods.add(held)
  }
  if (method === 'GET' || method === 'HEAD') return { handler: () => noFile, params: [] }
  const refusal = text(405, '405: Method Not Allowed')
  refusal.headers.Allow = [...methods].sort().join(',')
  return { handler: () => refusal, params: [] }
}
