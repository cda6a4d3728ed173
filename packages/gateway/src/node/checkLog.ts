// Finds damage in the files of a LevelDB.
import { readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { noneIfMissing } from './dataFolder.ts'

// The files of LevelDB as it documents them (doc/log_format.md, doc/table_format.md). LevelDB itself passes over damage.

const BLOCK = 32_768
const HEADER = 7
const FOOTER = 48
const MAGIC = '57fb808b247547db'
/** The bytes that a disk writes at once. After a loss of power, the last ones may be zeros. */
const SECTOR = 512

/** Gives a text for each damage of a database. A log that ends early is not damaged: a crash leaves such a log. */
export async function* findDamage(root: string): AsyncGenerator<string> {
  const names = (await readdir(root).catch(noneIfMissing)) ?? []
  const current = await readFile(join(root, 'CURRENT'), 'latin1').catch(noneIfMissing)
  if (current === null) {
    // LevelDB would make a new database, and remove these files.
    if (names.some((name) => /\.(ldb|log)$/.test(name))) yield 'CURRENT is missing'
    return
  }
  const manifest = current.trimEnd()
  if (!names.includes(manifest)) return yield `CURRENT names ${JSON.stringify(manifest)}, which is missing`
  const { tables, log, problem } = readManifest(await readFile(join(root, manifest)))
  if (problem) return yield `${manifest}: ${problem}`
  const used = names.filter((name) => {
    const number = Number.parseInt(name, 10)
    return name.endsWith('.log') ? number >= log : name.endsWith('.ldb') && tables.delete(number)
  })
  const readNext = (): Promise<Buffer> => readFile(join(root, used[next++] ?? manifest))
  let next = 0
  let reading = readNext()
  for (const name of used) {
    const bytes = await reading
    // Another thread reads the next file while this one is checked.
    reading = readNext()
    const found = damageOf(() => (name.endsWith('.log') ? checkLog : checkTable)(bytes))
    if (found) yield `${name}: ${found}`
  }
  await reading
  for (const number of tables) yield `${String(number).padStart(6, '0')}.ldb is missing`
}

/** Cuts each log before its first entry that `isRefused`. */
export async function cutLogs(root: string, isRefused: (data: Buffer) => boolean): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.endsWith('.log')) continue
    for (const { at, data } of readLog(await readFile(join(root, name)))) {
      if (!isRefused(data)) continue
      await truncate(join(root, name), at)
      break
    }
  }
}

/** The damage that a reader meets. A wrong length leads out of the file, which is an error of Node. */
function damageOf(read: () => void): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function checkLog(bytes: Buffer): void {
  for (const _ of readLog(bytes));
}

function* readLog(file: Buffer): Generator<{ at: number; data: Buffer }> {
  let size = file.length
  while (size > 0 && file[size - 1] === 0) size--
  const bytes = file.length - size < SECTOR ? file : file.subarray(0, size)
  let parts: Buffer[] = []
  let start = 0
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const blockEnd = at - (at % BLOCK) + BLOCK
    if (blockEnd - at < HEADER) {
      at = blockEnd
      continue
    }
    const crc = bytes.readUInt32LE(at)
    const end = at + HEADER + bytes.readUInt16LE(at + 4)
    if (end > bytes.length && end <= blockEnd) {
      // If the checksum fits a shorter entry, then the length is wrong, and the log was not cut off.
      for (let to = at + HEADER, sum = crc32c(bytes, at + 6, to); to <= bytes.length; to++) {
        if (mask(sum) === crc) throw new Error(`the length at ${at} is wrong`)
        sum = crc32c(bytes, to, to + 1, sum)
      }
      return
    }
    const type = bytes[at + 6]!
    const isFirst = type === 1 || type === 2
    if (end > blockEnd || mask(crc32c(bytes, at + 6, end)) !== crc || isFirst !== (parts.length === 0))
      throw new Error(`the entry at ${at} is damaged`)
    if (isFirst) start = at
    parts.push(bytes.subarray(at + HEADER, end))
    if (type === 1 || type === 4) {
      yield { at: start, data: Buffer.concat(parts) }
      parts = []
    }
    at = end
  }
}

/** The fields of the entries of kind 0, 1, …: n is a number, b are bytes after their length. There is no kind 0 and no 8. */
const FIELDS = ['', 'b', 'n', 'n', 'n', 'nb', 'nn', 'nnnbb', '', 'n']

/** The tables in use, and the first log in use. */
function readManifest(bytes: Buffer): { tables: Set<number>; log: number; problem: string | undefined } {
  const tables = new Set<number>()
  let log = 0
  const problem = damageOf(() => {
    for (const { data } of readLog(bytes)) {
      const cursor = { bytes: data, at: 0 }
      while (cursor.at < data.length) {
        const tag = readNumber(cursor)
        const fields = FIELDS[tag]
        if (!fields) throw new Error(`an entry of kind ${tag} is unknown`)
        const values = [...fields].map((field) => {
          const value = readNumber(cursor)
          if (field === 'b') cursor.at += value
          return value
        })
        if (tag === 2) log = values[0]!
        if (tag === 6) tables.delete(values[1]!)
        if (tag === 7) tables.add(values[1]!)
      }
    }
  })
  return { tables, log, problem }
}

function checkTable(bytes: Buffer): void {
  const footer = { bytes, at: bytes.length - FOOTER }
  if (footer.at < 0 || bytes.toString('hex', bytes.length - 8) !== MAGIC)
    throw new Error('its end is missing')
  // The list of filters, and that of the blocks with data.
  for (const list of [readBlock(bytes, footer), readBlock(bytes, footer)].map(unpack)) {
    const end = list.length - 4 * (list.readUInt32LE(list.length - 4) + 1)
    for (const entry = { bytes: list, at: 0 }; entry.at < end; ) {
      const [, keyBytes, valueBytes] = [readNumber(entry), readNumber(entry), readNumber(entry)]
      const next = entry.at + keyBytes! + valueBytes!
      entry.at += keyBytes!
      readBlock(bytes, entry)
      entry.at = next
    }
  }
}

/** The block that a handle names, and the byte after it, which says how it is packed. */
function readBlock(bytes: Buffer, handle: { bytes: Buffer; at: number }): Buffer {
  const at = readNumber(handle)
  const end = at + readNumber(handle) + 1
  if (end + 4 > bytes.length || mask(crc32c(bytes, at, end)) !== bytes.readUInt32LE(end))
    throw new Error(`the block at ${at} is damaged`)
  return bytes.subarray(at, end)
}

/** A block as it is, or unpacked from the format of Snappy. */
function unpack(block: Buffer): Buffer {
  const cursor = { bytes: block.subarray(0, -1), at: 0 }
  if (block.at(-1) === 0) return cursor.bytes
  const unpacked = Buffer.alloc(readNumber(cursor))
  let size = 0
  while (cursor.at < cursor.bytes.length) {
    const tag = block[cursor.at++]!
    const more = tag & 3 ? [1, 2, 4][(tag & 3) - 1]! : Math.max(0, (tag >> 2) - 59)
    const number = more > 0 ? block.readUIntLE(cursor.at, more) : tag >> 2
    cursor.at += more
    if ((tag & 3) === 0) {
      size += block.copy(unpacked, size, cursor.at, cursor.at + number + 1)
      cursor.at += number + 1
    } else {
      // Bytes that were unpacked before are repeated. Both places may overlap.
      const [length, back] =
        more === 1 ? [((tag >> 2) & 7) + 4, number + ((tag >> 5) << 8)] : [(tag >> 2) + 1, number]
      for (const end = size + length; size < end; size++) unpacked[size] = unpacked[size - back]!
    }
  }
  return unpacked
}

/** Seven bits a byte, the lowest first. */
function readNumber(cursor: { bytes: Buffer; at: number }): number {
  let value = 0
  for (let factor = 1; ; factor *= 128) {
    const byte = cursor.bytes.readUInt8(cursor.at++)
    value += (byte & 127) * factor
    if (byte < 128) return value
  }
}

const TABLE = new Int32Array(8 * 256)
for (let n = 0; n < TABLE.length; n++) {
  let crc = n < 256 ? n : TABLE[n - 256]!
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  TABLE[n] = crc
}

/** CRC-32C, 8 bytes a step: 1 GB/s. `before` is the checksum of the bytes before. */
export function crc32c(bytes: Uint8Array, from: number, to: number, before = 0): number {
  let crc = ~before
  let at = from
  for (; at + 8 <= to; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      TABLE[1792 + (crc & 255)]! ^
      TABLE[1536 + ((crc >>> 8) & 255)]! ^
      TABLE[1280 + ((crc >>> 16) & 255)]! ^
      TABLE[1024 + (crc >>> 24)]! ^
      TABLE[768 + bytes[at + 4]!]! ^
      TABLE[512 + bytes[at + 5]!]! ^
      TABLE[256 + bytes[at + 6]!]! ^
      TABLE[bytes[at + 7]!]!
  }
  for (; at < to; at++) crc = TABLE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** LevelDB masks the checksums that it stores. */
const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
