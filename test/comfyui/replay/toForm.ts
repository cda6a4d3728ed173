import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { crc32 } from '../server/nodes/media.ts'
import type { Part } from './bench.ts'

export const boundary = '----formdata-recorder-0123456789'

export const example: Buffer = readFileSync(new URL('../workflows/example.png', import.meta.url))

function chunk(type: string, data: Uint8Array): Buffer {
  const held = Buffer.concat([Buffer.from(type), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(held), 4)
  return Buffer.concat([frame.subarray(0, 4), held, frame.subarray(4)])
}

/** A grey picture, one pixel high, whose file has just that length. */
export function pngOfLength(length: number): Buffer {
  const width = length - 69
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  head.writeUInt32BE(width, 0)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(width + 1), { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const known: Readonly<Record<string, string>> = {
  'note.txt': 'hello',
  'page.html': '<script>alert(1)</script>',
}

function contentOf({ filename = '', bytes = 0 }: Part): Buffer {
  if (known[filename]) return Buffer.from(known[filename])
  if (bytes === example.length) return example
  return /\.png$/.test(filename) && bytes > 69 ? pngOfLength(bytes) : Buffer.alloc(bytes, 'x')
}

/** The form that a recording tells of. The contents of files are ours, in the recorded length. */
export function toForm(parts: readonly Part[]): Buffer {
  const chunks = parts.flatMap((part) => {
    const file = part.filename === undefined ? '' : `; filename="${part.filename.replaceAll('"', '%22')}"`
    const type = part.content_type === undefined ? '' : `\r\nContent-Type: ${part.content_type}`
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${part.name}"${file}${type}\r\n\r\n`
    const content = part.value === undefined ? contentOf(part) : Buffer.from(part.value)
    return [Buffer.from(head), content, Buffer.from('\r\n')]
  })
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)])
}
