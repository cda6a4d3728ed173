// Reads the parts of a multipart body as they come.
import { type MultipartError, make, type PartInfo } from 'multipasta'
import { EngineError } from '../../engine.ts'

export interface Part {
  readonly name: string
  /** The name and type of a file; absent if the part is a text. */
  readonly file?: { readonly name: string; readonly type: string } | undefined
  /** The value of JSON, and its number if it is in a list. */
  readonly json?: { readonly value: unknown; readonly index: number | undefined } | undefined
  /** What nobody reads of a body is skipped before the next part. */
  readonly body: AsyncGenerator<Uint8Array, void>
}

const PIECE = 65_536
const DASH = 0x2d

/** The parts of a multipart form, one after the other, read no faster than their bodies are read. */
export async function* readParts(
  bytes: AsyncIterable<Uint8Array>,
  contentType: string,
): AsyncGenerator<Part, void> {
  /** Parsed, but not yet taken: the head of a part, pieces of its body, `null` at its end. */
  const found: (Omit<Part, 'body'> | Uint8Array | null)[] = []
  let error: MultipartError | undefined
  let done = false
  const parser = make({
    headers: { 'content-type': contentType },
    isFile: () => true,
    onField() {},
    onFile(info) {
      const head = readHead(info)
      if (head) found.push(head)
      else error ??= { _tag: 'InvalidDisposition' }
      return (chunk) => void found.push(chunk)
    },
    onError(first) {
      error ??= first
    },
    onDone() {
      done = true
    },
  })
  const pieces = inPieces(bytes)

  async function next(): Promise<(typeof found)[number] | undefined> {
    while (found.length === 0 && !done) {
      const piece = await pieces.next()
      try {
        if (piece.done) parser.end()
        else parser.write(piece.value)
      } catch (cause) {
        throw malformed(cause)
      }
      if (error || (piece.done && !done)) throw malformed(error)
    }
    return found.shift()
  }

  for (let head = await next(); head !== undefined; head = await next()) {
    // The end of a part may come twice.
    if (head === null || head instanceof Uint8Array) throw malformed()
    let isOpen = true
    const body = (async function* () {
      for (;;) {
        const chunk = await next()
        if (!(chunk instanceof Uint8Array)) break
        yield chunk
      }
      isOpen = false
    })()
    yield { ...head, body }
    // Ends the reader of the part before the rest is skipped: only one may wait for a piece.
    await body.return()
    while (isOpen) isOpen = (await next()) instanceof Uint8Array
  }
  // Read to the end: a client that is still sending would not read its answer.
  for await (const _ of pieces);
}

function readHead({ headers, contentType }: PartInfo): Omit<Part, 'body'> | null {
  const disposition = parseDisposition(headers['content-disposition'])
  if (!disposition) return null
  const { name, filename } = disposition
  if (filename === undefined && contentType !== 'application/octet-stream') return { name }
  const given = headers['content-type']
  const type = typeof given === 'string' ? given.trim() : ''
  return { name, file: { name: filename ?? '', type: type || 'application/octet-stream' } }
}

/** Cuts never fall inside `--`: multipasta takes the end, `--boundary--`, for one more part if its last dash comes late. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let kept = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += PIECE) {
      const cut = chunk.subarray(at, at + PIECE)
      const piece = kept > 0 ? join(new Uint8Array(kept).fill(DASH), cut) : cut
      kept = piece.at(-1) !== DASH ? 0 : piece.at(-2) !== DASH ? 1 : 2
      if (piece.byteLength > kept) yield piece.subarray(0, piece.byteLength - kept)
    }
  }
  if (kept > 0) yield new Uint8Array(kept).fill(DASH)
}

export function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

export const malformed = (cause?: unknown): EngineError =>
  new EngineError(400, 'There was an error parsing the body', { cause })

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;"]*))\s*/gsy

/** The name and file name of a part. A wrong escape throws. multipasta's own function knows only Latin letters. */
function parseDisposition(header: unknown): { name: string; filename?: string | undefined } | null {
  if (typeof header !== 'string') return null
  const type = header.split(';', 1)[0]!
  if (type.trim().toLowerCase() !== 'form-data') return null
  const found = new Map<string, string>()
  let at = type.length
  for (const [text, key, quoted, plain] of header.slice(at).matchAll(PARAMETER)) {
    found.set(key!.toLowerCase(), quoted === undefined ? plain! : unquote(quoted))
    at += text.length
  }
  const name = found.get('name')
  if (at < header.length || name === undefined) return null
  return { name, filename: decodeExtended(found.get('filename*')) ?? found.get('filename') }
}

/** Browsers write %22, %0D and %0A, other clients a backslash. A backslash before any other character stands for itself. */
function unquote(text: string): string {
  return text.replace(/\\(["\\])/g, '$1').replace(/%(?:22|0D|0A)/gi, decodeURIComponent)
}

/** As in RFC 5987: `UTF-8''%e2%82%ac.png`. */
function decodeExtended(text: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/is.exec(text ?? '') ?? []
  return encoded === undefined ? undefined : decodeURIComponent(encoded)
}
