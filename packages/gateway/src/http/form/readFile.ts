// Reads a file of a form, or of a `data:` URL, and checks its kind.
import type { Draft, InputError, Kind, StoredFile } from '../../engine.ts'
import { extensionOf } from '../../mediaTypes.ts'
import { lazyStream } from '../../runtime.ts'
import { join, type Part } from './multipart.ts'
import { refusal } from './readJson.ts'

type Chunks = AsyncIterable<Uint8Array>

interface FileEntry {
  readonly value: StoredFile
  readonly publicValue: string
}

/** Reads a file for an input: a file part, or a text that is a `data:` URL or the address of the file. */
export async function readFile(
  draft: Draft,
  { name, kind }: { readonly name: string; readonly kind: Kind },
  { name: key, file, json, body }: Part,
  readText: (chunks: Chunks) => Promise<string>,
): Promise<FileEntry> {
  if (file) return storeFile(draft, name, file, body)
  const what = /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
  const ways = `${json ? '' : 'a file part, '}a data: URL or an http(s) URL`
  const refuse = (reason = ''): InputError =>
    refusal(`Input should be ${what}: ${ways}${reason}`, 'value_error', key)
  const { header, rest } = await readHeader(body)
  if (header !== undefined) {
    const { type, data } = decodeDataUrl(header, rest, refuse())
    if (!mayBe(kind, type)) throw refuse(`. The data: URL has the type "${type.slice(0, 100)}"`)
    return storeFile(draft, name, { name: `${name}.${extensionOf(type)}`, type }, data)
  }
  const text = await readText(rest)
  if (!/^https?:\/\//i.test(text)) {
    const isPath = PATH.test(text)
    const advice = json ? 'send the file as a data: URL' : 'send the file itself'
    throw refuse(isPath ? `. "${text}" is a path, which the server can't open: ${advice}` : '')
  }
  return { value: await draft.putUrl(name, text), publicValue: text }
}

/** One line with a separator or a file's ending, but no URL; `C:` is a drive. */
const PATH = /^(?=.{1,400}$)(?:file:|(?!\w{2,}:).*([/\\]|\.\w{2,5}$))/i

/** The media types of `data:` URLs by kind, as ComfyUI's loaders read them: a GIF is a video, and a video has sound. */
const TYPES: Partial<Record<Kind, RegExp>> = {
  image: /^image\//i,
  video: /^(video\/|image\/gif\b)/i,
  audio: /^(audio|video)\//i,
}

/** The type `application/octet-stream` says nothing about the bytes, so they may be of any kind. */
function mayBe(kind: Kind, type: string): boolean {
  return /^application\/octet-stream\b/i.test(type) || (TYPES[kind]?.test(type) ?? true)
}

/** Hands a file to the engine, at the engine's pace. If the caller's upload fails, throws the error of the upload. */
async function storeFile(
  draft: Draft,
  input: string,
  file: { readonly name: string; readonly type: string },
  chunks: Chunks,
): Promise<FileEntry> {
  const source = chunks[Symbol.asyncIterator]()
  const name = cleanFilename(file.name)
  let isCancelled = false
  let fail: (error: unknown) => void
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  const cancel = (): void => {
    isCancelled = true
  }
  const body = lazyStream(async (controller) => {
    try {
      const { done, value } = await source.next()
      if (isCancelled) return
      if (done) controller.close()
      else controller.enqueue(value)
    } catch (error) {
      fail(error)
      throw error
    }
  }, cancel)
  const value = await Promise.race([draft.putFile(input, { name, type: file.type, body }), failed])
  return { value, publicValue: name }
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

const LONGEST_HEADER = 8192
const COMMA = 0x2c

/** Reads the part of a `data:` URL before the comma. Without a header, `rest` is the whole text. */
async function readHeader(
  chunks: AsyncGenerator<Uint8Array, void>,
): Promise<{ header: string | undefined; rest: Chunks }> {
  let start = new Uint8Array()
  const mayBeData = (): boolean => 'data:'.startsWith(decodeText(start.subarray(0, 5)).toLowerCase())
  while (start.length < LONGEST_HEADER && mayBeData() && !start.includes(COMMA)) {
    const { done, value } = await chunks.next()
    if (done) break
    start = join(start, value)
  }
  const comma = start.subarray(0, LONGEST_HEADER).indexOf(COMMA)
  if (!mayBeData() || comma < 0) return { header: undefined, rest: prepend(start, chunks) }
  return { header: decodeText(start.subarray(0, comma)), rest: prepend(start.subarray(comma + 1), chunks) }
}

const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

async function* prepend(first: Uint8Array, rest: Chunks): AsyncGenerator<Uint8Array, void> {
  yield first
  yield* rest
}

/** Decodes a `data:` URL piece by piece. Throws `malformed` if its base64 is wrong. */
function decodeDataUrl(header: string, chunks: Chunks, malformed: Error): { type: string; data: Chunks } {
  const type = header.slice('data:'.length).replace(/;\s*base64\s*$/i, '')
  const bytes = decodePercent(chunks)
  const isBase64 = /;\s*base64\s*$/i.test(header)
  return { type: type.trim() || 'text/plain', data: isBase64 ? decodeBase64(bytes, malformed) : bytes }
}

const PERCENT = 0x25

async function* decodePercent(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  let rest = new Uint8Array()
  for await (const chunk of chunks) {
    const bytes = join(rest, chunk)
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

async function* decodeBase64(chunks: Chunks, malformed: Error): AsyncGenerator<Uint8Array, void> {
  let rest = ''
  let padded = false
  function decode(text: string): Uint8Array {
    if (padded && text) throw malformed
    padded = text.includes('=')
    let binary: string
    try {
      binary = atob(text)
    } catch {
      throw malformed
    }
    const bytes = new Uint8Array(binary.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
    return bytes
  }
  for await (const chunk of chunks) {
    const text = rest + new TextDecoder('latin1').decode(chunk).replace(/\s+/g, '')
    const whole = text.length - (text.length % 4)
    rest = text.slice(whole)
    if (whole > 0) yield decode(text.slice(0, whole))
  }
  if (rest) yield decode(rest)
}
