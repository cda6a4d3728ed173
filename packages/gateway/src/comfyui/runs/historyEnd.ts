// How a run ended: reads ComfyUI's history, the files in it, and its errors.
import { fileName, outputName, type RunEnd } from '../../engine.ts'
import type { History } from '../api/queue.ts'
import type { Ended, StoredOutput, Submitted } from '../runRecord.ts'

/** The end of a run, as ComfyUI's history has it. */
export function endOf(run: Submitted, { outputs, success, messages }: History): Ended {
  const timeOf = (message: History['messages'][number] | undefined): number | null => {
    const time = message?.[1].timestamp
    return typeof time === 'number' ? time : null
  }
  const { files, missing } = collectFiles(run, outputs)
  const end = (status: Ended['status'], error: string | null): Ended => ({
    run,
    status,
    error,
    startedAt: timeOf(messages.find(([type]) => type === 'execution_start')),
    completedAt: timeOf(messages.at(-1)) ?? Date.now(),
    files,
  })
  if (success) {
    if (missing === undefined) return end('completed', null)
    return end('failed', `node "${run.titles[missing] ?? missing}" wrote no file`)
  }
  // ComfyUI gives an interrupted run the status of a failed one.
  const [type, { node_id, node_type, exception_message, exception_type }] = messages.at(-1) ?? ['', {}]
  if (type === 'execution_interrupted') return end('cancelled', null)
  const title = run.titles[String(node_id)] ?? node_type
  const text = typeof exception_message === 'string' ? withoutPaths(exception_message).trim() : ''
  const message = text || 'ComfyUI gives no reason'
  const ended = end('failed', title ? `${title}: ${message}` : message)
  return { ...ended, fault: faultOf(String(exception_type), text) }
}

/** What the server lacked, in words. The type decides, because a message may hold words of a caller. */
function faultOf(type: string, message: string): string | undefined {
  if (/(^|\.)(OutOfMemory|Memory)Error$/.test(type)) return 'out of memory'
  return type === 'OSError' && /^\[Errno (28|122)\]/.test(message) ? 'no space left on its disk' : undefined
}

/** The advice in the error of a run whose end nobody saw. */
export const UNKNOWN = 'result unknown: submit it again, unless its files are in output/ of ComfyUI'

/** The beginning of the error of a run that waited for too long. */
export const UNTAKEN = 'No server took the run'

/** The end of a run for an operator; `undefined` if ComfyUI refused the run. `sentAt`: when it was sent, if it was */
export function toRunEnd(
  { run, status, error, ...times }: Ended,
  { owner, server, sentAt = null }: Pick<RunEnd, 'owner' | 'server'> & { sentAt?: number | null | undefined },
): RunEnd | undefined {
  if (status === 'refused') return undefined
  const { id, workflowId, createdAt } = run
  const { completedAt } = times
  const startedAt = times.startedAt ?? sentAt
  const end = error?.endsWith(UNKNOWN) ? 'lost' : error?.startsWith(UNTAKEN) ? 'expired' : status
  // The clocks of two machines may differ.
  const between = (from: number, to: number | null): number => Math.max(0, Math.round((to ?? from) - from))
  return {
    ...{ id, workflowId, owner, server, end },
    waitedMs: between(createdAt, startedAt ?? completedAt),
    ranMs: startedAt === null ? undefined : between(startedAt, completedAt),
  }
}

/** The end of a run that ComfyUI does not know. */
export function endWithout(run: Submitted, status: Ended['status'], error: string | null): Ended {
  return { run, status, error, startedAt: null, completedAt: Date.now(), files: [] }
}

type ComfyFile = NonNullable<StoredOutput['at']>

/** The files of each promised output, and the first node that wrote none. */
export function collectFiles(
  run: Submitted,
  outputs: History['outputs'],
): { files: StoredOutput[]; missing?: string | undefined } {
  const files: StoredOutput[] = []
  let missing: string | undefined
  for (const { name, node, isText } of run.outputs) {
    const output = outputs[node] ?? {}
    const found = findFiles(output)
    const texts = found.length > 0 ? [] : [output.text].flat(2).filter((text) => typeof text === 'string')
    // A node that shows an empty text may say nothing at all.
    if (isText && found.length + texts.length === 0) texts.push('')
    if (found.length + texts.length === 0) missing ??= node
    const full = (index: number, extension: string): string =>
      fileName(outputName(name, run.id), index, extension)
    found.forEach((at, index) => void files.push({ name: full(index, endingOf(at.filename)), at }))
    texts.forEach((text, index) => void files.push({ name: full(index, 'txt'), text }))
  }
  return { files, missing }
}

/** Under any key, an object with a file name is an output. A preview counts only if there is nothing else. */
function findFiles(output: Readonly<Record<string, unknown>>): ComfyFile[] {
  const byPath = new Map<string, ComfyFile>()
  const items = Object.entries(output).map(([key, value]) => (key === 'result' ? modelsOf(value) : value))
  for (const item of items.flat(2)) {
    const { filename, subfolder = '', type = 'output' } = (item ?? {}) as Record<string, unknown>
    if (typeof filename !== 'string' || typeof subfolder !== 'string' || typeof type !== 'string') continue
    // `/view` takes only the last part of `filename`, so the folders belong to `subfolder`.
    const path = `${subfolder}/${filename}`.split('/').filter((part) => part !== '')
    byPath.set(`${type}/${path.join('/')}`, { filename: path.pop() ?? '', subfolder: path.join('/'), type })
  }
  const files = [...byPath.values()]
  const results = files.filter(({ type }) => type === 'output')
  return results.length > 0 ? results : files.filter(({ type }) => type === 'temp')
}

const MODEL = /\.(glb|gltf|fbx|obj|stl|usdz|ply|splat|spz|ksplat)$/i

/** The model that a 3D preview shows: its path. Only the name tells whether the folder is that of outputs or previews. */
function modelsOf(result: unknown): { filename: string; type: string }[] {
  const [path] = Array.isArray(result) ? result : []
  if (typeof path !== 'string' || !MODEL.test(path)) return []
  const filename = path.replaceAll('\\', '/')
  if (filename.startsWith('/') || filename.split('/').includes('..')) return []
  return [{ filename, type: /^preview(3d_advanced|_splat|_pointcloud)_/.test(filename) ? 'temp' : 'output' }]
}

function endingOf(filename: string): string {
  return /\.([A-Za-z0-9]{1,8})$/.exec(filename)?.[1]?.toLowerCase() ?? 'bin'
}

const QUOTED = /(['"])(?:[A-Za-z]:)?[\\/][^'"\n]*[\\/]([^'"\\/\n]*)\1/g
const BARE = /(^|[\s'"(=:,[])(?:[A-Za-z]:)?[\\/](?:[^\s'"<>|:*?\\/]+[\\/])+([^\s'"<>|:*?\\/]*)/g

/** A message without the folders of the server: of each path, only the file's name is left. */
export function withoutPaths(text: string): string {
  return text.replace(QUOTED, '$1$2$1').replace(BARE, '$1$2')
}
