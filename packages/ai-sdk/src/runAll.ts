import {
  type Client,
  downloadOutput,
  isFlowScaleError,
  NetworkError,
  ResponseError,
  TimeoutError,
} from '@flowscale/client'
import type { ResultOutput, RunResult } from '@flowscale/client/poller'
import { type Failure, type Outcome, type OutputFile, othersOf } from './runs/outcome.ts'

export interface ReadOptions {
  /** The first part of the media type. */
  readonly kind: 'image' | 'video'
  /** Limit for each file, in ms. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

const extensions: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
}

/** How many times a download that breaks off is tried, the first time included. */
const attempts = 2

/**
 * Fetches the images or videos of a run, because the AI SDK's own download refuses local addresses. Outputs of other kinds
 * are ignored. A failed file does not stop the others; its error has `runId`.
 */
export async function readFiles(client: Client, result: RunResult, options: ReadOptions): Promise<Outcome> {
  const { runId, outputs } = result
  const files: OutputFile[] = []
  const failures: Failure[] = []
  for (const output of outputs) {
    try {
      const file = await readFile(client, runId, output, options)
      if (file) files.push({ ...file, ...othersOf(result) })
    } catch (error) {
      failures.push({ runId, error })
    }
  }
  if (files.length || failures.length) return { files, failures }
  const names = outputs.map(({ filename }) => filename).join(', ') || 'none'
  const error = new ResponseError(`Run ${runId} made no ${options.kind}: its outputs are ${names}`, {
    ...{ runId, method: 'GET', url: '', status: 200, body: null, errors: [], requestId: null },
  })
  return { files, failures: [{ runId, error }] }
}

async function readFile(
  client: Client,
  runId: string,
  output: ResultOutput,
  { kind, timeoutMs, signal }: ReadOptions,
): Promise<OutputFile | undefined> {
  const { filename, download_url: url } = output
  for (let attempt = 1; ; attempt++) {
    const late = new AbortController()
    // Above that, runtimes fire at once.
    const timer = setTimeout(() => late.abort(), Math.min(timeoutMs, 0x7fff_ffff))
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal
    try {
      const response = await downloadOutput(client, output, { signal: either })
      const mediaType = typeOf(response, output)
      if (!mediaType.startsWith(`${kind}/`)) {
        response.body.cancel().catch(() => {})
        return undefined
      }
      return { runId, filename, url, mediaType, bytes: new Uint8Array(await response.arrayBuffer()) }
    } catch (error) {
      signal?.throwIfAborted()
      if (late.signal.aborted) {
        const details = { runId, status: 0, timeoutMs }
        throw new TimeoutError(`Output ${filename} timed out after ${timeoutMs}ms`, details)
      }
      if (isFlowScaleError(error)) throw Object.assign(error, { runId })
      if (attempt === attempts) {
        // Without its cause, into which some runtimes put the signed link.
        throw new NetworkError(`Output ${filename} broke off`, { runId, status: 0 })
      }
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The media type from the server, or else from the extension. */
function typeOf({ headers }: Response, { filename, download_url: url }: ResultOutput): string {
  const [type = ''] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  if (/^(image|video)\//.test(type)) return type.trim()
  const [, extension = ''] = /\.(\w+)$/.exec(filename) ?? /\.(\w+)(?:\?|$)/.exec(url ?? '') ?? []
  return extensions[extension.toLowerCase()] ?? type
}
