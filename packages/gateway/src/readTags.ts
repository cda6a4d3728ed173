// Reads the tags of videos, sounds and 3D models. Of a large file, only the parts that may hold them are read.

/** A file that is read in parts. */
export interface Source {
  readonly size: number
  /** The bytes from a place on. At the end of the file, there are fewer. */
  read(from: number, length: number): Promise<Uint8Array>
}

/** What may be a workflow, by its name in lower case: JSON, or its value. */
export type Tags = Map<string, unknown>

const NAMES = ['prompt', 'workflow', 'comment']
/** Of all texts of a file. */
export const MOST_BYTES: number = 64 * 2 ** 20
/** More would hold up the gateway. */
const MOST_PARTS = 100_000

export const TOO_LARGE = (): Error => new Error(`holds texts of more than ${MOST_BYTES / 2 ** 20} MB`)
const TOO_MANY = (): Error => new Error(`has more than ${MOST_PARTS} parts`)
const BROKEN = (): Error => new Error('is cut off or broken')

/** Reads the tags of a file by one of the functions below. */
export async function readTags(file: Source, read: (file: Source) => Promise<Tags>): Promise<Tags> {
  try {
    return await read(file)
  } catch (error) {
    // A number at a place behind the end.
    throw error instanceof RangeError ? BROKEN() : error
  }
}

function add(tags: Tags, name: string, text: string): void {
  const key = name.toLowerCase()
  if (NAMES.includes(key)) tags.set(key, text)
}

/** A part of a file: its bytes are from `start` to `end`, and the next part begins at `next`. */
interface Part {
  readonly id: number
  readonly start: number
  readonly end: number
  readonly next?: number
}
type Range = Pick<Part, 'start' | 'end'>
/** Reads what is in front of each part. */
type ReadHead = (bytes: Uint8Array, at: number) => Part

const LONGEST_HEAD = 16

/** Finds the first part with an id in a range of the file. */
async function findPart(file: Source, readHead: ReadHead, wanted: number, range: Range | undefined) {
  if (!range) return undefined
  for (let at = range.start, count = 0; at < range.end; count++) {
    if (count >= MOST_PARTS) throw TOO_MANY()
    const { id, start, end, next = end } = readHead(await file.read(at, LONGEST_HEAD), 0)
    if (id === wanted) return { start: at + start, end: Math.min(at + end, range.end) }
    at += next
  }
  return undefined
}

/** The parts in these bytes. The budget is for all parts of a file. */
function* partsIn(
  bytes: Uint8Array,
  readHead: ReadHead,
  shortest: number,
  budget = { left: MOST_PARTS },
): Generator<[number, Uint8Array]> {
  for (let at = 0; at + shortest <= bytes.length; budget.left--) {
    if (budget.left <= 0) throw TOO_MANY()
    const { id, start, end } = readHead(bytes, at)
    yield [id, bytes.subarray(at + start, at + end)]
    at += end
  }
}

export async function readRange(file: Source, range: Range | undefined): Promise<Uint8Array> {
  if (!range) return new Uint8Array()
  if (range.end - range.start > MOST_BYTES) throw TOO_LARGE()
  return file.read(range.start, range.end - range.start)
}

const allOf = ({ size }: Source): Range => ({ start: 0, end: size })

/** A box of an MP4 or MOV: its size, its type, and maybe a larger size. */
const readBox: ReadHead = (bytes, at) => {
  const view = viewOf(bytes)
  const [size, id] = [view.getUint32(at), view.getUint32(at + 4)]
  const [start, end] =
    size === 1 ? [16, Number(view.getBigUint64(at + 8))] : [8, size || Number.POSITIVE_INFINITY]
  if (end < start) throw BROKEN()
  return { id, start, end }
}

const [MOOV, UDTA, META, KEYS, ITEMS] = ['moov', 'udta', 'meta', 'keys', 'ilst'].map(codeOf)
const COMMENT = codeOf('©cmt')

/** The tags of an MP4 or MOV: by names of any kind (`keys`), or the comment alone. */
export async function readMp4(file: Source): Promise<Tags> {
  const tags: Tags = new Map()
  const moov = await findPart(file, readBox, MOOV!, allOf(file))
  const udta = await findPart(file, readBox, UDTA!, moov)
  for (const [id, data] of partsIn(await readRange(file, udta), readBox, 8)) {
    // In front of the comment of a MOV: its length and its language.
    if (id === COMMENT) add(tags, 'comment', textOf(data.subarray(4)))
    if (id === META) readMeta(data, tags)
  }
  readMeta(await readRange(file, await findPart(file, readBox, META!, moov)), tags)
  return tags
}

function readMeta(meta: Uint8Array, tags: Tags): void {
  // An MP4 has a version in front.
  const boxes = [...partsIn(startsWith(meta, 'hdlr', 4) ? meta : meta.subarray(4), readBox, 8)]
  const names = boxes.flatMap(([id, data]) => (id === KEYS ? [...partsIn(data.subarray(8), readBox, 8)] : []))
  for (const [, items] of boxes.filter(([id]) => id === ITEMS)) {
    for (const [id, item] of partsIn(items, readBox, 8)) {
      const [, name] = names[id - 1] ?? []
      const key = id === COMMENT ? 'comment' : name && name.length < 20 ? latin(name) : ''
      // In front of a text: a box, the kind of the text, and a language.
      add(tags, key, textOf(item.subarray(16)))
    }
  }
}

/** An element of a WebM or MKV. Its id keeps the mark of its length. */
const readElement: ReadHead = (bytes, at) => {
  const [id, start] = readNumber(bytes, at, true)
  const [size, length] = readNumber(bytes, at + start, false)
  return { id, start: start + length, end: start + length + size }
}

function readNumber(bytes: Uint8Array, at: number, keepsMark: boolean): [value: number, length: number] {
  const first = bytes[at] ?? 0
  const length = Math.clz32(first) - 23
  if (length > 8 || at + length > bytes.length) throw BROKEN()
  const mask = 2 ** (8 - length) - 1
  let value = keepsMark ? first : first & mask
  let isUnknown = (first & mask) === mask
  for (const byte of bytes.subarray(at + 1, at + length)) {
    value = value * 256 + byte
    isUnknown &&= byte === 255
  }
  return [isUnknown && !keepsMark ? Number.POSITIVE_INFINITY : value, length]
}

const [SEGMENT, TAGS, TAG, SIMPLE_TAG, TAG_NAME, TAG_TEXT] = [
  0x18538067, 0x1254c367, 0x7373, 0x67c8, 0x45a3, 0x4487,
]

/** The tags of a WebM or MKV. */
export async function readMatroska(file: Source): Promise<Tags> {
  const tags: Tags = new Map()
  const segment = await findPart(file, readElement, SEGMENT!, allOf(file))
  const all = await readRange(file, await findPart(file, readElement, TAGS!, segment))
  const budget = { left: MOST_PARTS }
  const elementsIn = (bytes: Uint8Array) => partsIn(bytes, readElement, 2, budget)
  for (const [tag, simple] of elementsIn(all)) {
    for (const [id, data] of tag === TAG ? elementsIn(simple) : []) {
      if (id !== SIMPLE_TAG) continue
      const parts = new Map(elementsIn(data))
      add(tags, textOf(parts.get(TAG_NAME!)?.subarray(0, 20)), textOf(parts.get(TAG_TEXT!)))
    }
  }
  return tags
}

/** A block of a FLAC. Behind the last one is the sound. */
const readBlock: ReadHead = (bytes, at) => {
  const head = viewOf(bytes).getUint32(at)
  const end = 4 + (head & 0xffffff)
  return { id: (head >>> 24) & 127, start: 4, end, next: head >>> 31 ? Number.POSITIVE_INFINITY : end }
}

const COMMENTS = 4

export async function readFlac(file: Source): Promise<Tags> {
  const range = await findPart(file, readBlock, COMMENTS, { start: 4, end: file.size })
  return range ? readComments(await readRange(file, range)) : new Map()
}

/** The comments of an Ogg are the second packet of its first stream. A packet may be in several pages. */
export async function readOgg(file: Source): Promise<Tags> {
  const pieces: Uint8Array[] = []
  let [packet, size, stream] = [0, 0, undefined as number | undefined]
  for (let at = 0, count = 0; at < file.size; count++) {
    const head = await file.read(at, 27 + 255)
    if (count >= MOST_PARTS) throw TOO_MANY()
    if (!startsWith(head, 'OggS')) throw BROKEN()
    const own = viewOf(head).getUint32(14)
    stream ??= own
    const lengths = head.subarray(27, 27 + head[26]!)
    const start = at + 27 + head[26]!
    at = start + lengths.reduce((sum, length) => sum + length, 0)
    if (own !== stream) continue
    const page = await file.read(start, at - start)
    let from = 0
    for (const length of lengths) {
      if (packet === 1) pieces.push(page.subarray(from, from + length))
      from += length
      size += packet === 1 ? length : 0
      if (size > MOST_BYTES) throw TOO_LARGE()
      if (length < 255 && ++packet === 2) return readPacket(pieces, size)
    }
  }
  return new Map()
}

function readPacket(pieces: readonly Uint8Array[], size: number): Tags {
  const packet = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    packet.set(piece, at)
    at += piece.length
  }
  const mark = ['OpusTags', '\x03vorbis'].find((one) => startsWith(packet, one))
  return mark === undefined ? new Map() : readComments(packet.subarray(mark.length))
}

/** The comments of a FLAC, Opus or Vorbis, each `NAME=text`. */
function readComments(bytes: Uint8Array): Tags {
  const tags: Tags = new Map()
  const view = viewOf(bytes)
  let at = 4 + view.getUint32(0, true)
  const count = view.getUint32(at, true)
  at += 4
  if (count > MOST_PARTS) throw TOO_MANY()
  for (let left = count; left > 0; left--) {
    const length = view.getUint32(at, true)
    const comment = bytes.subarray(at + 4, at + 4 + length)
    const end = comment.subarray(0, 20).indexOf(0x3d)
    if (end > 0) add(tags, latin(comment.subarray(0, end)), textOf(comment.subarray(end + 1)))
    at += 4 + length
  }
  return tags
}

const [FRAME_OF_TEXT] = ['TXXX'].map(codeOf)

/** The texts with names of an MP3. */
export async function readId3(file: Source): Promise<Tags> {
  const tags: Tags = new Map()
  const head = await file.read(0, 10)
  const version = head[3]
  const size = sevenBits(viewOf(head).getUint32(6))
  // A frame has 4 letters since version 3, and a size of 7 bits a byte since version 4.
  const readFrame: ReadHead = (bytes, at) => {
    const [id, length] = [viewOf(bytes).getUint32(at), viewOf(bytes).getUint32(at + 4)]
    return { id, start: 10, end: 10 + (version === 4 ? sevenBits(length) : length) }
  }
  if (version !== 3 && version !== 4) return tags
  for (const [id, data] of partsIn(await readRange(file, { start: 10, end: 10 + size }), readFrame, 10)) {
    if (id !== FRAME_OF_TEXT) continue
    const encoding = ['latin1', data[1] === 0xfe ? 'utf-16be' : 'utf-16le', 'utf-16be'][data[0]!] ?? 'utf-8'
    const text = new TextDecoder(encoding).decode(data.subarray(1))
    const end = text.indexOf('\0')
    if (end > 0) add(tags, text.slice(0, Math.min(end, 20)), text.slice(end + 1).replace(/\0.*/s, ''))
  }
  return tags
}

const sevenBits = (value: number): number =>
  [24, 16, 8, 0].reduce((sum, shift) => sum * 128 + ((value >>> shift) & 127), 0)

export const textOf = (bytes: Uint8Array = new Uint8Array()): string =>
  new TextDecoder().decode(bytes).replace(/(?<!\0)\0+$/, '')

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

export const latin = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)

/** Four letters as they stand in a file. */
export function codeOf(letters: string): number {
  return [...letters].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0)
}

export const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0))
