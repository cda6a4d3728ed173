// Reads the files of workflows: JSON, and files that ComfyUI made, with a workflow inside.
import { isObject } from './options.ts'
import {
  codeOf,
  latin,
  MOST_BYTES,
  readFlac,
  readId3,
  readMatroska,
  readMp4,
  readOgg,
  readRange,
  readTags,
  type Source,
  startsWith,
  type Tags,
  TOO_LARGE,
  textOf,
  viewOf,
} from './readTags.ts'
import { isEditorFile, parseJson } from './workflowJson.ts'

/** The content of a workflow's file. At least one of the two is there. */
export interface Content {
  /** The API format. */
  readonly prompt?: unknown
  /** The format of the editor. */
  readonly workflow?: unknown
}

type Format = readonly [name: string, mark: string, read: (file: Source) => Promise<Tags>]

/** The files with a workflow inside, by their first letters. A dot stands for any. */
const FORMATS: readonly Format[] = [
  ['a PNG picture', '\x89PNG\r\n\x1a\n', async (file) => readPng(await readWhole(file))],
  ['a WebP picture', 'RIFF....WEBP', async (file) => readWebp(await readWhole(file))],
  ['an MP4 or MOV', '\0...ftyp', readMp4],
  ['a WebM or MKV', '\x1aE\xdf\xa3', readMatroska],
  ['a FLAC', 'fLaC', readFlac],
  ['an Ogg', 'OggS', readOgg],
  ['an MP3', 'ID3', readId3],
  ['a GLB model', 'glTF', readGlb],
]

/**
 * Reads a JSON file in either format, or a picture, video, sound or 3D model with a workflow inside. For any other file,
 * throws an error that names its format.
 */
export async function readContent(file: Uint8Array | Source): Promise<Content> {
  const source = file instanceof Uint8Array ? sourceOf(file) : file
  const head = await source.read(0, 12)
  const isOf = ([, mark]: Format): boolean =>
    [...mark].every((letter, index) => letter === '.' || head[index] === letter.charCodeAt(0))
  const [name, , read] = FORMATS.find(isOf) ?? []
  if (!read) return readText(await readWhole(source))
  const tags = await readTags(source, read)
  const comment = Object(jsonIn(tags.get('comment')))
  const [prompt, workflow] = ['prompt', 'workflow'].map((key) => {
    const value = tags.get(key) ?? comment[key]
    return (typeof value === 'string' ? parseJson(value) : value) ?? undefined
  })
  if (prompt !== undefined || workflow !== undefined) return limit({ prompt, workflow })
  throw new Error(`is ${name} without a workflow inside`)
}

/** A comment may be about anything. */
function jsonIn(comment: unknown): unknown {
  try {
    return typeof comment === 'string' && comment.startsWith('{') ? parseJson(comment) : undefined
  } catch {
    return undefined
  }
}

const sourceOf = (bytes: Uint8Array): Source => ({
  size: bytes.length,
  read: async (from, length) => bytes.subarray(from, from + length),
})

/** The bytes of a file that has to be read whole. */
export async function readWhole({ size, read }: Source): Promise<Uint8Array> {
  if (size > MOST_BYTES) throw new Error(`is too large for a workflow (${Math.round(size / 2 ** 20)} MB)`)
  return read(0, size)
}

const MOST_NODES = 20_000

/** Larger files hold up the gateway. */
function limit(found: Content): Content {
  const { nodes, definitions } = Object(found.workflow)
  const { subgraphs } = Object(definitions)
  const lists = [nodes, ...(Array.isArray(subgraphs) ? subgraphs.map((one) => Object(one).nodes) : [])]
  const inWorkflow = lists.reduce((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0)
  const inPrompt = isObject(found.prompt) ? Object.keys(found.prompt).length : 0
  const most = Math.max(inWorkflow, inPrompt)
  if (most > MOST_NODES) throw new Error(`has ${most} nodes, and ${MOST_NODES} are the most`)
  return found
}

function readText(bytes: Uint8Array): Content {
  const text = new TextDecoder().decode(bytes)
  const start = text.trimStart()[0]
  if (start === undefined) throw new Error('is empty')
  if (start !== '{' && start !== '[')
    throw new Error('is no JSON, and no picture, video, sound or 3D model that can hold a workflow')
  const json = parseJson(text)
  if (isEditorFile(json)) return limit({ workflow: json })
  if (isObject(json) && isObject(json.prompt) && !('class_type' in json.prompt))
    return limit({ prompt: json.prompt })
  return limit({ prompt: json })
}

const [TEXT, COMPRESSED, INTERNATIONAL] = ['tEXt', 'zTXt', 'iTXt'].map(codeOf)
const EXIF = codeOf('EXIF')

/** The texts of a PNG, by keyword: `tEXt`, `zTXt` and `iTXt`. Of several with a keyword, the last one counts. */
async function readPng(bytes: Uint8Array): Promise<Tags> {
  const found = new Map<string, [type: number, data: Uint8Array]>()
  const view = viewOf(bytes)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const [length, type] = [view.getUint32(at), view.getUint32(at + 4)]
    const data = bytes.subarray(at + 8, at + 8 + length)
    at += 12 + length
    if (type !== TEXT && type !== COMPRESSED && type !== INTERNATIONAL) continue
    const key = ['prompt', 'workflow'].find((one) => startsWith(data, `${one}\0`))
    if (key !== undefined) found.set(key, [type, data.subarray(key.length + 1)])
  }
  const texts = new Map<string, string>()
  let left = MOST_BYTES
  for (const [key, [type, data]] of found) {
    // Before an international text: whether it is compressed, how, a language, and the keyword in it.
    const start =
      type === INTERNATIONAL ? data.indexOf(0, data.indexOf(0, 2) + 1) + 1 : type === COMPRESSED ? 1 : 0
    const isCompressed = type === COMPRESSED || (type === INTERNATIONAL && data[0] === 1)
    const text = isCompressed ? await inflate(data.subarray(start), left) : data.subarray(start)
    left -= text.byteLength
    if (left < 0) throw TOO_LARGE()
    texts.set(key, type === INTERNATIONAL ? new TextDecoder().decode(text) : latin(text))
  }
  return texts
}

async function inflate(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'))
  let size = 0
  const limit = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      size += chunk.byteLength
      if (size > most) throw TOO_LARGE()
      controller.enqueue(chunk)
    },
  })
  return new Uint8Array(await new Response(stream.pipeThrough(limit)).arrayBuffer())
}

/** The texts of the EXIF part of a WebP. ComfyUI writes each as `prompt:{…}` into a tag of the camera. */
function readWebp(bytes: Uint8Array): Tags {
  const view = viewOf(bytes)
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (view.getUint32(at) === EXIF) return readExif(startsWith(data, 'Exif\0\0') ? data.subarray(6) : data)
    at += 8 + length + (length % 2)
  }
  return new Map()
}

/** Tags may share a text, so only the last one with a keyword is decoded. */
function readExif(data: Uint8Array): Tags {
  const found = new Map<string, Uint8Array>()
  const little = startsWith(data, 'II')
  if (data.length < 10) return new Map()
  const view = viewOf(data)
  const start = view.getUint32(4, little)
  const count = start + 2 <= data.length ? view.getUint16(start, little) : 0
  for (let at = start + 2; at + 12 <= data.length && at < start + 2 + count * 12; at += 12) {
    const [type, length] = [view.getUint16(at + 2, little), view.getUint32(at + 4, little)]
    const from = length > 4 ? view.getUint32(at + 8, little) : at + 8
    if (type !== 2) continue
    const [, key] = /^(prompt|workflow):/i.exec(latin(data.subarray(from, from + Math.min(length, 9)))) ?? []
    if (key !== undefined) found.set(key.toLowerCase(), data.subarray(from + key.length + 1, from + length))
  }
  const size = [...found.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (size > MOST_BYTES) throw TOO_LARGE()
  const texts = [...found].map(([key, text]) => [key, textOf(text)] as const)
  return new Map(texts)
}

/** The first chunk of a GLB is its JSON. */
async function readGlb(file: Source): Promise<Tags> {
  const length = viewOf(await file.read(12, 4)).getUint32(0, true)
  const { asset } = Object(parseJson(textOf(await readRange(file, { start: 20, end: 20 + length }))))
  return new Map(Object.entries(Object(Object(asset).extras)))
}
