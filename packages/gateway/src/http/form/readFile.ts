import { type Draft, InputError, type Kind, type StoredFile } from '../../engine.ts'
import { extensionOf } from '../../mediaTypes.ts'

const LONGEST_HEADER = 8192
const COMMA = 0x2c
/** The media types of `data:` URLs by kind, as ComfyUI's loaders read them: a GIF is a video, and a video has sound. */
const TYPES: Partial<Record<Kind, RegExp>> = {
  image: /^image\//i,
  video: /^(video\/|image\/gif\b)/i,
  audio: /^(audio|video)\//i,
}
/** One line with a separator or a file's ending, but no URL; `C:` is a drive. */
const PATH = /^(?=.{1,400}$)(?:file:|(?!\w{2,}:).*([/\\]|\.\w{2,5}$))/i

/** Reads the text that stands for a file: a `data:` URL, decoded as it comes in, or the address of a file. */
export async function readFileText(
  draft: Draft,
  input: { readonly name: string; readonly kind: Kind; readonly key: string },
  chunks: AsyncGenerator<Uint8Array, void>,
  readText: (chunks: AsyncIterable<Uint8Array>) => Promise<string>,
): Promise<{ value: StoredFile; shown: string }> {
  const { name, kind, key } = input
  const what = /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
  const msg = `Input should be ${what}: a file part, a data: URL or an http(s) URL`
  const refused = (more = ''): InputError =>
    new InputError([{ loc: ['body', key], msg: msg + more, type: 'value_error' }])

  let start = new Uint8Array()
  while (start.length < LONGEST_HEADER && mayBeData(start) && !start.includes(COMMA)) {
    const { done, value } = await chunks.next()
    if (done) break
    start = join(start, value)
  }
  const comma = start.subarray(0, LONGEST_HEADER).indexOf(COMMA)
  if (mayBeData(start) && comma >= 0) {
    const header = new TextDecoder().decode(start.subarray(0, comma))
    const { type, data } = decodeDataUrl(header, prepend(start.subarray(comma + 1), chunks), refused())
    if (!mayBe(kind, type)) throw refused(`. The data: URL has the type "${type.slice(0, 100)}"`)
    return await storeFile(draft, name, { name: `${name}.${extensionOf(type)}`, type }, data)
  }
  const text = await readText(prepend(start, chunks))
  if (!/^https?:\/\//i.test(text)) {
    const isPath = PATH.test(text)
    throw refused(isPath ? `. "${text}" is a path, which the server can't open: send the file itself` : '')
  }
  return { value: await draft.putUrl(name, text), shown: text }
}

/** A type that says nothing of the bytes may be any kind. */
function mayBe(kind: Kind, type: string): boolean {
  return /^application\/octet-stream\b/i.test(type) || (TYPES[kind]?.test(type) ?? true)
}

function mayBeData(start: Uint8Array): boolean {
  return 'data:'.startsWith(new TextDecoder().decode(start.subarray(0, 5)).toLowerCase())
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield first
  yield* rest
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** Hands a file to the engine, at the engine's pace. If the caller's upload fails, throws the error of the upload. */
export async function storeFile(
  draft: Draft,
  input: string,
  file: { readonly name: string; readonly type: string },
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ value: StoredFile; shown: string }> {
  const source = chunks[Symbol.asyncIterator]()
  const name = cleanFilename(file.name)
  let isCancelled = false
  let fail: (error: unknown) => void
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await source.next()
          if (isCancelled) return
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          fail(error)
          throw error
        }
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  const value = await Promise.race([draft.putFile(input, { name, type: file.type, body }), failed])
  return { value, shown: name }
}

const PERCENT = 0x25

/** What comes after the comma of a `data:` URL, decoded piece by piece. Throws `malformed` where it is no base64. */
function decodeDataUrl(
  header: string,
  chunks: AsyncIterable<Uint8Array>,
  malformed: Error,
): { type: string; data: AsyncGenerator<Uint8Array, void> } {
  const type = header.slice('data:'.length).replace(/;\s*base64\s*$/i, '')
  const bytes = decodePercent(chunks)
  const isBase64 = /;\s*base64\s*$/i.test(header)
  return { type: type.trim() || 'text/plain', data: isBase64 ? decodeBase64(bytes, malformed) : bytes }
}

async function* decodePercent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let rest = new Uint8Array()
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length)
    bytes.set(rest)
    bytes.set(chunk, rest.length)
    const cut = bytes.indexOf(PERCENT, Math.max(0, bytes.length - 2))
    const end = cut < 0 ? bytes.length : cut
    rest = bytes.slice(end)
    yield decodeTriples(bytes.subarray(0, end))
  }
  if (rest.length > 0) yield rest
}

/** Decodes in place: the result is never longer. */
function decodeTriples(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(PERCENT)) return bytes
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const pair = bytes[i] === PERCENT ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : ''
    const hex = /^[0-9a-f]{2}$/i.test(pair)
    bytes[length++] = hex ? Number.parseInt(pair, 16) : bytes[i]!
    if (hex) i += 2
  }
  return bytes.subarray(0, length)
}

async function* decodeBase64(
  chunks: AsyncIterable<Uint8Array>,
  malformed: Error,
): AsyncGenerator<Uint8Array, void> {
  let rest = ''
  let padded = false
  function decode(text: string): Uint8Array {
    if (padded && text) throw malformed
    padded = text.includes('=')
    try {
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    } catch {
      throw malformed
    }
  }
  for await (const chunk of chunks) {
    const text = rest + new TextDecoder('latin1').decode(chunk).replace(/\s+/g, '')
    const whole = text.length - (text.length % 4)
    rest = text.slice(whole)
    if (whole > 0) yield decode(text.slice(0, whole))
  }
  if (rest) yield decode(rest)
}

/** The name of a file alone: no folders, no control characters, never empty. */
function cleanFilename(name: string): string {
  const last = name
    .replace(/\p{Cc}/gu, '')
    .split(/[/\\]/)
    .at(-1)!
    .trim()
  // Bun leaves out the name that FormData gives to a Blob.
  return /^\.*$/.test(last) ? 'blob' : last
}
