// Reads the form of a submission, and checks it against the inputs of its workflow.
import {
  type Draft,
  EngineError,
  InputError,
  type Once,
  type Problem,
  type Submission,
} from '../../engine.ts'
import { orAborted } from '../../runtime.ts'
import type { PlainRequest } from '../types.ts'
import type { FormHash } from './createFormHash.ts'
import { malformed, type Part, readParts } from './multipart.ts'
import { type FormValue, findInput, readEntry } from './readInput.ts'
import { encode, MOST_JSON_BYTES, readJson, refusal } from './readJson.ts'

const MAX_PARTS = 1000
const MAX_TEXT_BYTES = 4 * 1024 * 1024

export type FormValues = Pick<Submission, 'values' | 'inputs'>

interface Body {
  readonly request: PlainRequest
  readonly maxBodyBytes: number
  /** Whether the body may be JSON. */
  readonly takesJson?: boolean
}

/**
 * Reads the form of a request and checks it against the inputs of the draft's workflow. Files go to the draft as they
 * come in. Throws an {@link InputError} with all mistakes at the end of the form. A body that is too large, or is not a
 * form, is an {@link EngineError}. An error of the draft is thrown at once.
 */
export function readSubmission(draft: Draft, body: Body, hash?: FormHash): Promise<FormValues> {
  return readBody(body, (parts, form) => readForm(draft, parts, form, hash))
}

/** Reads the form of a request for its hash alone: no workflow checks it. */
export function hashSubmission(body: Body, hash: FormHash): Promise<Once> {
  return readBody(body, async (parts) => {
    for await (const part of parts) if (!isEmptyList(part)) await skip(hash.listen(part))
    return await hash.digest()
  })
}

export async function readBody<T>(
  { request: { signal, headers, body }, takesJson = false, ...limit }: Body,
  read: (parts: AsyncGenerator<Part, void>, form: string) => Promise<T>,
): Promise<T> {
  const type = headers.get('content-type') ?? ''
  const isJson = takesJson && JSON_TYPE.test(type)
  const maxBodyBytes = isJson ? Math.min(limit.maxBodyBytes, MOST_JSON_BYTES) : limit.maxBodyBytes
  const form = isJson ? 'JSON' : 'form'
  if (Number(headers.get('content-length')) > maxBodyBytes) throw tooLarge(`${form} is`, maxBodyBytes)
  const reader = body?.getReader()
  // Only an abort from now on counts: a caller that has left before may have sent the whole form.
  const aborter = new AbortController()
  try {
    const bytes = readBytes(reader, maxBodyBytes, form, aborter.signal)
    const parts = isJson ? readJson(bytes) : partsOf(bytes, type, takesJson)
    const reading = read(counted(parts, form), form)
    return await orAborted(reading, signal, () => aborter.abort(signal.reason))
  } finally {
    reader?.cancel().catch(() => {})
  }
}

/** The bytes of a body, read no faster than the consumer reads. */
async function* readBytes(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  maxBytes: number,
  form: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let count = 0
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      signal.throwIfAborted()
      throw malformed(cause)
    })
    signal.throwIfAborted()
    if (done) return
    count += value.byteLength
    if (count > maxBytes) throw tooLarge(`${form} is`, maxBytes)
    yield value
  }
}

/** Where a list may be, it is as good as nothing; elsewhere it is refused. */
const isEmptyList = ({ json }: Part): boolean => json?.index === undefined && Array.isArray(json?.value)

async function skip({ body }: Part): Promise<void> {
  for await (const _ of body);
}

/** Checks the parts of a form against the inputs of the draft's workflow, and gives the draft the files. */
export async function readForm(
  draft: Draft,
  parts: AsyncGenerator<Part, void>,
  form: string,
  hash?: FormHash,
): Promise<FormValues> {
  const entries = new Map<string, NumberedEntry[]>()
  const unknown = new Set<string>()
  const readText = createTextReader(form)
  for await (const sent of parts) {
    const part = hash?.listen(sent) ?? sent
    const found = findInput(draft.workflow, part.name)
    if (!found) {
      unknown.add(part.name)
      continue
    }
    const { name, input, index } = found
    if (input.array && isEmptyList(sent)) continue
    const earlier = entries.get(name) ?? []
    entries.set(name, earlier)
    // Not read: `gatherValues` refuses the input, once all its values are counted.
    const isSurplus = !input.array && earlier.length > 0
    const entry = isSurplus ? { problems: [] } : await readEntry(draft, found, part, readText)
    earlier.push({ index, entry })
    // The engine need not have read a file to its end.
    if (hash) await skip(part)
  }
  return gatherValues(draft.workflow, entries, unknown)
}

async function* counted(parts: AsyncGenerator<Part, void>, form: string): AsyncGenerator<Part, void> {
  let count = 0
  for await (const part of parts) {
    if (++count > MAX_PARTS) throw new EngineError(413, `The ${form} has more than ${MAX_PARTS} values`)
    yield part
  }
}

const JSON_TYPE = /^application\/json\b/i

async function* partsOf(
  bytes: AsyncGenerator<Uint8Array, void>,
  contentType: string,
  takesJson: boolean,
): AsyncGenerator<Part, void> {
  if (/^multipart\/form-data\b/i.test(contentType)) return yield* readParts(bytes, contentType)
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    const text = await createTextReader('form')(bytes)
    for (const [name, value] of new URLSearchParams(text)) yield { name, body: encode(value) }
    return
  }
  for await (const { byteLength } of bytes) {
    if (byteLength === 0) continue
    if (takesJson) throw new EngineError(415, 'The body must be application/json or multipart/form-data')
    throw refusal('The body must be multipart/form-data', 'value_error')
  }
}

/** Reads the texts of a body. One limit counts for all texts together, since they are held in memory. */
function createTextReader(form: string): (chunks: AsyncIterable<Uint8Array>) => Promise<string> {
  let count = 0
  return async (chunks) => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of chunks) {
      count += chunk.byteLength
      if (count > MAX_TEXT_BYTES) throw tooLarge(`texts of the ${form} are`, MAX_TEXT_BYTES)
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  }
}

const tooLarge = (subject: string, maxBytes: number): EngineError =>
  new EngineError(413, `The ${subject} larger than ${maxBytes} bytes`)

interface NumberedEntry {
  /** The number in a key such as `name_0`; -1 if the key is the name itself. */
  readonly index: number
  readonly entry: FormValue
}

/** The values of a whole form in the order of the workflow's inputs. Throws all that is wrong with them. */
function gatherValues(
  workflow: Draft['workflow'],
  numbered: ReadonlyMap<string, readonly NumberedEntry[]>,
  unknown: ReadonlySet<string>,
): FormValues {
  const problems: Problem[] = []
  const values: [string, Submission['values'][string]][] = []
  const inputs: Submission['inputs'][number][] = []
  for (const [name, { required, array }] of workflow.inputs) {
    const sorted = [...(numbered.get(name) ?? [])].sort((a, b) => a.index - b.index)
    const entries = sorted.map(({ entry }) => entry)
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
    inputs.push({ path: name, value: array ? good.map((entry) => entry.publicValue) : first.publicValue })
  }
  for (const key of unknown) {
    problems.push({ loc: ['body', key], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' })
  }
  if (problems.length > 0) throw new InputError(problems)
  return { values: Object.fromEntries(values), inputs }
}
