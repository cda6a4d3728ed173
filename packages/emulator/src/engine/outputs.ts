import parseRange from 'range-parser'
import type { EngineState, Run } from './state.ts'

/**
 * The run that has a file of this name, with or without its extension. `file` is the whole name of the file; undefined
 * until the file is there, since only its type decides the extension.
 */
export function findOutput(
  { byOutput }: EngineState,
  filename: string,
): { run: Run; file: string | undefined } | undefined {
  const bare = withoutExtension(filename)
  // Of several files of an output, all but the first have a number.
  const first = bare.replace(/_\d+$/, '')
  const found = byOutput.get(filename) ?? byOutput.get(bare) ?? byOutput.get(first)
  if (!found) return undefined
  const { run, output } = found
  if (output.files.length === 0) return { run, file: undefined }
  const names = output.files.map((file) => file.filename)
  const file = names.find((name) => name === filename || withoutExtension(name) === filename)
  return file === undefined ? undefined : { run, file }
}

function withoutExtension(name: string): string {
  return name.replace(/\.[A-Za-z0-9]+$/, '')
}

/** A file of a run, or one part of the file: Safari plays no video from a server without ranges. */
export function readOutput(run: Run | undefined, filename: string, asked: Headers): Response | undefined {
  const file = run?.outputs.flatMap(({ files }) => files).find((one) => one.filename === filename)
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
