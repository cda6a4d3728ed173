import parseRange from 'range-parser'
import type { Pod } from './types.ts'

/** A file of a run, or one part of the file: Safari plays no video from a server without ranges. */
export function readOutput(pod: Pod, runId: string, filename: string, asked: Headers): Response | undefined {
  const files = pod.runs.get(runId)?.outputs.flatMap((output) => output.files)
  const file = files?.find((one) => one.filename === filename)
  if (!file) return undefined
  const data = file.data as Uint8Array<ArrayBuffer>
  const size = data.byteLength
  const headers = { 'content-type': file.type, 'accept-ranges': 'bytes' }
  // A file has no version here, so a part of an earlier version can't be continued.
  const range = asked.has('if-range') ? null : asked.get('range')
  const parts = range === null ? -2 : parseRange(size, range)
  if (parts === -1) {
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } })
  }
  const part = parts !== -2 && parts.type === 'bytes' && parts.length === 1 && parts[0]
  if (!part) return new Response(data, { headers: { ...headers, 'content-length': String(size) } })
  const { start, end } = part
  return new Response(data.subarray(start, end + 1), {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/${size}`,
    },
  })
}
