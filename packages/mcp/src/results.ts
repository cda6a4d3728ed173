// What a call answers: the id first, then links, a small picture and texts, within limits.
import { type Client, downloadOutput, isFlowScaleError, type Output, type Run } from '@flowscale/client'
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/server'
import { tidy } from './names.ts'
import { shrink } from './shrink.ts'

/** The most characters of a result, as JSON. */
const MOST_CHARS = 140_000
/** The most characters of a text in it. */
const MOST_TEXT = 20_000
/** The most outputs that a result lists. */
const MOST_OUTPUTS = 20
/** The most bytes of an output that is read for a picture. */
const MOST_PICTURE = 64_000_000
const DOWNLOAD_MS = 15_000

/** An error for the model, in words of this package. */
export class ToolError extends Error {
  override name = 'ToolError'
}

export const textResult = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] })

/** An error as the result of a call, so that the model reads it. */
export function describeError(error: unknown, onError: (error: Error) => void): CallToolResult {
  const { message, maybeSubmitted } = Object(error)
  const isKnown = error instanceof ToolError || isFlowScaleError(error)
  if (!isKnown) onError(error as Error)
  const text = isKnown ? tidy(message, 4000) : 'The call failed.'
  const advice = maybeSubmitted
    ? ' The run may have been started. Make the same call again only with the same request_key; otherwise look for it with list_runs.'
    : ''
  return { content: [{ type: 'text', text: text + advice }], isError: true }
}

/** The result of a run that has ended. */
export async function describeRun(client: Client, run: Run, signal: AbortSignal): Promise<CallToolResult> {
  const isDone = ['completed', 'success'].includes(run.status)
  const why = run.error ? `: ${tidy(run.error, 4000)}` : ''
  const first = `Run ${run._id}: ${run.status}${why}.`
  if (!isDone) return { content: [{ type: 'text', text: first }], isError: true }
  const outputs = run.outputs.map(({ filename = '', url = null, text }) => ({
    ...{ filename, download_url: url },
    ...(text !== undefined && { text }),
  }))
  return describeOutputs(client, first, outputs, signal)
}

type Given = Pick<Output, 'download_url' | 'text'> & { readonly filename: string }

export async function describeOutputs(
  client: Client,
  first: string,
  outputs: readonly Given[],
  signal: AbortSignal,
): Promise<CallToolResult> {
  const shown = outputs.slice(0, MOST_OUTPUTS)
  const read = await Promise.all(shown.map((output) => readOutput(client, output, signal)))
  const more = outputs.slice(MOST_OUTPUTS).map(({ filename }) => filename)
  const lines = read.map(({ filename, link, type, size }) => {
    const about = [type, size === undefined ? '' : `${size} bytes`].filter(Boolean).join(', ')
    return `${filename}${about && ` (${about})`}: ${link ?? 'no link'}`
  })
  if (more.length) lines.push(`and ${more.length} more, for get_output: ${tidy(more.join(', '), 2000)}`)
  const pictures = read.flatMap(({ bytes, type }) => (bytes ? [{ bytes, type }] : []))
  const picture = pictures[0] && (await shrink(pictures[0].bytes, pictures[0].type))
  return fit([
    { type: 'text', text: [first, ...lines].join('\n') },
    ...read.flatMap(({ filename, link, type, size }): ContentBlock[] =>
      link
        ? [
            {
              ...{ type: 'resource_link', uri: link, name: filename },
              ...(type && { mimeType: type }),
              ...(size !== undefined && { size }),
            } as ContentBlock,
          ]
        : [],
    ),
    ...(picture ? [{ type: 'image' as const, ...picture }] : []),
    ...read.flatMap(({ filename, text }): ContentBlock[] =>
      text === undefined ? [] : [{ type: 'text', text: `${filename}:\n${cut(text)}` }],
    ),
  ])
}

/** Leaves out what would be over the limit. What comes first stays. */
function fit(content: readonly ContentBlock[]): CallToolResult {
  let left = MOST_CHARS - 500
  const kept = content.filter((block) => {
    const { length } = JSON.stringify(block)
    if (length > left) return false
    left -= length
    return true
  })
  return { content: kept }
}

const cut = (text: string): string =>
  text.length <= MOST_TEXT
    ? text
    : `${text.slice(0, MOST_TEXT).replace(/\p{Surrogate}$/u, '')}\n(cut after ${MOST_TEXT} characters)`

interface Read {
  readonly filename: string
  readonly link: string | undefined
  readonly type: string
  readonly size: number | undefined
  readonly text?: string | undefined
  /** Of a picture. */
  readonly bytes?: Uint8Array | undefined
}

/** An output with its type and size, and its content if that can be shown. The link alone if the file can't be read. */
async function readOutput(client: Client, output: Given, signal: AbortSignal): Promise<Read> {
  const { filename, download_url, text } = output
  const link = download_url && URL.canParse(download_url) ? download_url : undefined
  const plain = { filename: tidy(filename, 200), link, type: '', size: undefined, text }
  if (!link) return plain
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(DOWNLOAD_MS)])
    const answer = await downloadOutput(client, { filename, download_url }, { signal: until, maxRetries: 0 })
    const { headers } = answer
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    const length = headers.get('content-length')
    const size = length === null || headers.has('content-encoding') ? undefined : Number(length)
    const isText = /^text\/|^application\/json$/.test(type)
    const isPicture = /^image\/(png|jpeg|webp|gif|avif)$/.test(type)
    const found = { ...plain, type, size }
    const wanted = isPicture || (isText && text === undefined)
    const bytes = wanted ? await readBytes(answer, isPicture ? MOST_PICTURE : MOST_TEXT * 4) : undefined
    if (!bytes) answer.body.cancel().catch(() => {})
    if (!bytes) return found
    return isPicture
      ? { ...found, size: bytes.length, bytes }
      : { ...found, size: bytes.length, text: new TextDecoder().decode(bytes) }
  } catch {
    signal.throwIfAborted()
    return plain
  }
}

/** The bytes of a body, or `undefined` if there are more than `most`. */
export async function readBytes(
  answer: Response,
  most: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    // Leaving the loop cancels the body.
    if (size > most) return undefined
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
