import type { Draft, Kind, StoredFile } from '../../engine.ts'
import { InputError } from '../../engineErrors.ts'
import { storeFile } from '../../face/form/storeFile.ts'
import { decodeDataUrl } from '../../media/decodeDataUrl.ts'
import { extensionOf } from '../../media/extensionOf.ts'

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
