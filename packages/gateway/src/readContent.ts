import { isObject } from './options.ts'

/** What a file of a folder of workflows holds. At least one of the two is there. */
export interface Found {
  /** The API format. */
  readonly prompt?: unknown
  /** The format of the editor. */
  readonly workflow?: unknown
}

/**
 * Reads a JSON file in either format, or a PNG or WebP picture with a workflow inside. For any other file, throws an
 * error that says what it is.
 */
export async function readContent(bytes: Uint8Array): Promise<Found> {
  const [isPng, isWebp] = [
    startsWith(bytes, '\x89PNG\r\n\x1a\n'),
    startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8),
  ]
  if (!isPng && !isWebp) return readText(bytes)
  const texts = isPng ? await readPng(bytes) : readWebp(bytes)
  const [prompt, workflow] = ['prompt', 'workflow'].map((key) => {
    const text = texts.get(key)
    return text === undefined ? undefined : parseJson(text)
  })
  if (prompt !== undefined || workflow !== undefined) return { prompt, workflow }
  throw new Error(`is a ${isPng ? 'PNG' : 'WebP'} picture without a workflow inside`)
}

/** Whether a value is in the format of the editor. */
export const isEditorFile = (value: unknown): boolean => isObject(value) && Array.isArray(value.nodes)

function readText(bytes: Uint8Array): Found {
  const text = new TextDecoder().decode(bytes)
  const start = text.trimStart()[0]
  if (start === undefined) throw new Error('is empty')
  if (start !== '{' && start !== '[') throw new Error(`is no JSON, and no PNG or WebP picture`)
  const json = parseJson(text)
  if (isEditorFile(json)) return { workflow: json }
  if (isObject(json) && isObject(json.prompt) && !('class_type' in json.prompt))
    return { prompt: json.prompt }
  return { prompt: json }
}

/**
 * Parses JSON. A whole number that JavaScript can't hold exactly, such as a large seed, becomes a text, which ComfyUI
 * takes as well. The `NaN` of Python becomes null.
 */
export function parseJson(text: string): unknown {
  const token = /"|-?\d[\d.eE+-]*|\bNaN\b|-?\bInfinity\b/g
  let [exact, done] = ['', 0]
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const { 0: word, index } = found
    if (word === '"') {
      token.lastIndex = endOfText(text, index + 1)
      continue
    }
    const isLarge = /^-?\d{16,}$/.test(word) && !Number.isSafeInteger(Number(word))
    if (!isLarge && !/[NI]/.test(word)) continue
    exact += text.slice(done, index) + (isLarge ? `"${word}"` : 'null')
    done = index + word.length
  }
  return JSON.parse((exact + text.slice(done)).replace(/^\ufeff/, ''))
}

/** The place after the quote that ends a text. */
function endOfText(json: string, from: number): number {
  for (let at = from; at < json.length; at++) {
    if (json[at] === '\\') at++
    else if (json[at] === '"') return at + 1
  }
  return json.length
}

/** The texts of a PNG, by keyword: `tEXt`, `zTXt` and `iTXt`. */
async function readPng(bytes: Uint8Array): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const view = viewOf(bytes)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const [length, type] = [view.getUint32(at), latin(bytes.subarray(at + 4, at + 8))]
    const data = bytes.subarray(at + 8, at + 8 + length)
    at += 12 + length
    if (!['tEXt', 'zTXt', 'iTXt'].includes(type)) continue
    const end = data.indexOf(0)
    const key = latin(data.subarray(0, end))
    if (end < 0 || !['prompt', 'workflow'].includes(key)) continue
    const rest = data.subarray(end + 1)
    if (type === 'tEXt') texts.set(key, latin(rest))
    if (type === 'zTXt') texts.set(key, latin(await inflate(rest.subarray(1))))
    if (type !== 'iTXt') continue
    // Whether it is compressed, how, then a language and the keyword in it.
    const language = rest.indexOf(0, 2)
    const text = rest.subarray(rest.indexOf(0, language + 1) + 1)
    texts.set(key, new TextDecoder().decode(rest[0] === 1 ? await inflate(text) : text))
  }
  return texts
}

const MOST_BYTES = 64 * 2 ** 20

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'))
  let size = 0
  const limit = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      size += chunk.byteLength
      if (size > MOST_BYTES) throw new Error('holds a text that is too large')
      controller.enqueue(chunk)
    },
  })
  return new Uint8Array(await new Response(stream.pipeThrough(limit)).arrayBuffer())
}

/** The texts of the EXIF part of a WebP. ComfyUI writes each as `prompt:{…}` into a tag of the camera. */
function readWebp(bytes: Uint8Array): Map<string, string> {
  const view = viewOf(bytes)
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (latin(bytes.subarray(at, at + 4)) === 'EXIF')
      return readExif(startsWith(data, 'Exif\0\0') ? data.subarray(6) : data)
    at += 8 + length + (length % 2)
  }
  return new Map()
}

function readExif(data: Uint8Array): Map<string, string> {
  const texts = new Map<string, string>()
  const little = startsWith(data, 'II')
  if (data.length < 10) return texts
  const view = viewOf(data)
  const start = view.getUint32(4, little)
  const count = start + 2 <= data.length ? view.getUint16(start, little) : 0
  for (let at = start + 2; at + 12 <= data.length && at < start + 2 + count * 12; at += 12) {
    const [type, length] = [view.getUint16(at + 2, little), view.getUint32(at + 4, little)]
    const from = length > 4 ? view.getUint32(at + 8, little) : at + 8
    if (type !== 2) continue
    const text = new TextDecoder().decode(data.subarray(from, from + length)).replace(/\0+$/, '')
    const [, key, json] = /^(prompt|workflow):([\s\S]*)$/i.exec(text) ?? []
    if (key !== undefined) texts.set(key.toLowerCase(), json!)
  }
  return texts
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

const latin = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0))
