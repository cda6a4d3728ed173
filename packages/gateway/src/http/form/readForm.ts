import {
  type Draft,
  EngineError,
  InputError,
  type Problem,
  type Submission,
  type Workflow,
} from '../../engine.ts'
import { type Part, readParts } from './multipart.ts'
import { type Entry, findInput, readEntry } from './readInput.ts'

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
): Promise<Pick<Submission, 'values' | 'inputs'>> {
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
    const bytes = readBytes(reader, maxBodyBytes, gone.signal)
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
): Promise<Pick<Submission, 'values' | 'inputs'>> {
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

export interface Given {
  /** The place in the numbered form; -1 where the key is the name itself. */
  readonly index: number
  readonly entry: Entry
}

/** The values of a form that was read to its end, in the order of the workflow's inputs, or all that is wrong with it. */
function gatherValues(
  workflow: Workflow,
  given: ReadonlyMap<string, readonly Given[]>,
  unknown: ReadonlySet<string>,
): Pick<Submission, 'values' | 'inputs'> {
  const problems: Problem[] = []
  const values: [string, Submission['values'][string]][] = []
  const inputs: Submission['inputs'][number][] = []
  for (const [name, { required, array }] of workflow.inputs) {
    const entries = [...(given.get(name) ?? [])].sort((a, b) => a.index - b.index).map(({ entry }) => entry)
    if (entries.length === 0) {
      if (required) problems.push({ loc: ['body', name], msg: 'Field required', type: 'missing' })
      continue
    }
    if (!array && entries.length > 1) {
      const msg = `Input takes one value, got ${entries.length}`
      problems.push({ loc: ['body', name], msg, type: 'too_many_values' })
      continue
    }
    problems.push(...entries.flatMap((entry) => ('problems' in entry ? entry.problems : [])))
    const good = entries.flatMap((entry) => ('problems' in entry ? [] : [entry]))
    const first = good[0]
    if (!first) continue
    values.push([name, array ? good.map(({ value }) => value) : first.value])
    inputs.push({ path: name, value: array ? good.map((entry) => entry.shown) : first.shown })
  }
  for (const key of unknown) {
    problems.push({ loc: ['body', key], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' })
  }
  if (problems.length > 0) throw new InputError(problems)
  return { values: Object.fromEntries(values), inputs }
}

/** The bytes of a request's body, read no faster than the consumer reads. */
export async function* readBytes(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let count = 0
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new EngineError(400, 'There was an error parsing the body', { cause })
    })
    signal.throwIfAborted()
    if (done) return
    count += value.byteLength
    if (count > maxBytes) throw new EngineError(413, `The upload is larger than ${maxBytes} bytes`)
    yield value
  }
}

const MAX_BYTES = 4 * 1024 * 1024

/** Reads the texts of a form, which are held in memory: all together only up to a limit. */
function createTextReader(): (chunks: AsyncIterable<Uint8Array>) => Promise<string> {
  let count = 0
  return async (chunks) => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of chunks) {
      count += chunk.byteLength
      if (count > MAX_BYTES)
        throw new EngineError(413, `The texts of the form are larger than ${MAX_BYTES} bytes`)
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  }
}
