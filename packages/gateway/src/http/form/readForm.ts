import type { Draft, Submission, Workflow } from '../../engine.ts'
import { EngineError, InputError } from '../../engineErrors.ts'
import { createTextReader } from '../../face/form/createTextReader.ts'
import { findInput } from '../../face/form/findInput.ts'
import { type Given, gatherValues } from '../../face/form/gatherValues.ts'
import { readBody } from '../../face/form/readBody.ts'
import { readEntry } from '../../face/form/readEntry.ts'
import { type Part, readParts } from './multipart.ts'

const MAX_PARTS = 1000

/**
 * Reads the form of a request and checks it against the workflow's inputs. Files go to the draft as they come in.
 * Throws an {@link InputError} with all mistakes at the end of the form. A body that is too large, or is not a form, is
 * an {@link EngineError}. An error of the draft is thrown at once.
 */
export async function readSubmission(
  workflow: Workflow,
  draft: Draft,
  request: Request,
  { maxBodyBytes }: { readonly maxBodyBytes: number },
): Promise<Pick<Submission, 'values' | 'shown'>> {
  const { signal, headers, body } = request
  if (Number(headers.get('content-length')) > maxBodyBytes) {
    throw new EngineError(413, `The upload is larger than ${maxBodyBytes} bytes`)
  }
  const reader = body?.getReader()
  // Of a caller that had gone before, all may be here: it is read, and breaks where it does not end.
  const gone = new AbortController()
  let abort: () => void
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      gone.abort(signal.reason)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
  })
  try {
    const bytes = readBody(reader, maxBodyBytes, gone.signal)
    return await Promise.race([readForm(workflow, draft, bytes, headers.get('content-type') ?? ''), aborted])
  } finally {
    signal.removeEventListener('abort', abort!)
    reader?.cancel().catch(() => {})
  }
}

async function readForm(
  workflow: Workflow,
  draft: Draft,
  bytes: AsyncGenerator<Uint8Array, void>,
  contentType: string,
): Promise<Pick<Submission, 'values' | 'shown'>> {
  const given = new Map<string, Given[]>()
  const unknown = new Set<string>()
  const readText = createTextReader()
  let count = 0
  for await (const part of partsOf(bytes, contentType)) {
    if (++count > MAX_PARTS) throw new EngineError(413, `The form has more than ${MAX_PARTS} parts`)
    const found = findInput(workflow, part.name)
    if (!found) {
      unknown.add(part.name)
      continue
    }
    const { name, input, index } = found
    const before = given.get(name) ?? []
    given.set(name, before)
    const isSurplus = !input.array && before.length > 0
    // A problem of its own, once all are counted.
    const entry = isSurplus ? { problems: [] } : await readEntry(draft, found, part, readText)
    before.push({ index, entry })
  }
  return gatherValues(workflow, given, unknown)
}

async function* partsOf(
  bytes: AsyncGenerator<Uint8Array, void>,
  contentType: string,
): AsyncGenerator<Part, void> {
  if (/^multipart\/form-data\b/i.test(contentType)) return yield* readParts(bytes, contentType)
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    const text = await createTextReader()(bytes)
    for (const [name, value] of new URLSearchParams(text)) yield { name, body: encode(value) }
    return
  }
  for await (const { byteLength } of bytes) {
    if (byteLength === 0) continue
    const msg = 'The body must be multipart/form-data'
    throw new InputError([{ loc: ['body'], msg, type: 'value_error' }])
  }
}

async function* encode(text: string): AsyncGenerator<Uint8Array, void> {
  yield new TextEncoder().encode(text)
}
