import { readFileSync } from 'node:fs'
import { convertIndexedToRgb, decode, encode } from 'fast-png'
import jpeg from 'jpeg-js'
import { PythonError } from '../python.ts'
import type { Image } from './types.ts'

/** A whole picture of one pixel: this server does not draw WebP. */
export const webp: Uint8Array = Buffer.from(
  'UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA',
  'base64',
)

export function mapPixels(image: Image, map: (value: number, index: number) => number): Image {
  return { ...image, frames: image.frames.map((frame) => frame.map(map)) }
}

export function toPng(image: Image, frame = 0, text: Record<string, string> = {}): Uint8Array {
  const { width, height, frames } = image
  return encode({ width, height, data: frames[frame]!, channels: 3, depth: 8, text })
}

export function toJpeg({ width, height, frames }: Image, frame = 0, quality = 75): Uint8Array {
  const rgba = new Uint8Array(width * height * 4)
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgba.set(frames[frame]!.subarray(pixel * 3, pixel * 3 + 3), pixel * 4)
    rgba[pixel * 4 + 3] = 255
  }
  return jpeg.encode({ width, height, data: rgba }, quality).data
}

/** A file as a picture: PNG and JPEG. */
export function readPicture(path: string): Image {
  const file = readFileSync(path)
  try {
    if (file[0] === 0xff) {
      const { width, height, data } = jpeg.decode(file, { useTArray: true, formatAsRGBA: false })
      return { width, height, frames: [data] }
    }
    const png = decode(file)
    const source = png.palette ? convertIndexedToRgb(png) : png.data
    const channels = png.palette ? png.palette[0]!.length : png.channels
    const shift = png.depth === 16 ? 8 : 0
    const data = new Uint8Array(png.width * png.height * 3)
    for (let at = 0; at < data.length; at++) {
      const pixel = Math.floor(at / 3) * channels
      data[at] = source[pixel + (channels < 3 ? 0 : at % 3)]! >> shift
    }
    return { width: png.width, height: png.height, frames: [data] }
  } catch {
    throw new PythonError('PIL.UnidentifiedImageError', `cannot identify image file '${path}'`)
  }
}

/** The nearest pixels of a picture in another size. */
export function scale(image: Image, width: number, height: number): Image {
  const frames = image.frames.map((frame) => {
    const data = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y++) {
      const row = Math.floor((y * image.height) / height) * image.width
      for (let x = 0; x < width; x++) {
        const from = (row + Math.floor((x * image.width) / width)) * 3
        data.set(frame.subarray(from, from + 3), (y * width + x) * 3)
      }
    }
    return data
  })
  return { width, height, frames }
}

/** What a traceback shows of a picture. */
export const tensorText = ({ frames }: Image): string =>
  `tensor([[[[${[...frames[0]!.subarray(0, 3)].map((value) => (value / 255).toFixed(4)).join(', ')}], ...]]])`

interface Sound {
  readonly rate: number
  readonly channels: number
  /** Sixteen bits a sample, little-endian. */
  readonly samples: Uint8Array
}

const box = (type: string, content: Uint8Array): Buffer => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(content.length + 8)
  return Buffer.concat([size, Buffer.from(type, 'latin1'), content])
}

const mark = 'small-film:'

/** The boxes of an MP4 file that players look at first, then what {@link readFilm} needs. No player shows it. */
export function toFilm({ width, height, frames }: Image, fps: number): Buffer {
  const about = JSON.stringify({
    width,
    height,
    frames: frames.length,
    fps,
    colour: [...frames[0]!.subarray(0, 3)],
  })
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1')),
    box('free', Buffer.from(mark + about)),
    box('mdat', Buffer.alloc(frames.length * 16)),
  ])
}

/** The frames of a film of this server; of another one, eight black ones. */
export function readFilm(path: string): { image: Image; fps: number } {
  const file = readFileSync(path)
  if (file.toString('latin1', 4, 8) !== 'ftyp') {
    throw new PythonError('av.error.InvalidDataError', `[Errno 1094995529] Invalid data found: '${path}'`)
  }
  const at = file.indexOf(mark)
  const { width, height, frames, fps, colour } =
    at < 0
      ? { width: 64, height: 64, frames: 8, fps: 8, colour: [0, 0, 0] }
      : JSON.parse(file.toString('utf8', at + mark.length, at - 8 + file.readUInt32BE(at - 8)))
  const frame = Uint8Array.from({ length: width * height * 3 }, (_, index) => colour[index % 3])
  return { image: { width, height, frames: Array(frames).fill(frame) }, fps }
}

export function toWave({ rate, channels, samples }: Sound): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(channels, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * channels * 2, 28)
  head.writeUInt16LE(channels * 2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}

/** A WAV file as {@link toWave} writes it; of any other file, a tenth of a second of silence. */
export function readSound(path: string): Sound {
  const file = readFileSync(path)
  if (file.toString('latin1', 0, 4) !== 'RIFF')
    return { rate: 8000, channels: 1, samples: new Uint8Array(1600) }
  return { rate: file.readUInt32LE(24), channels: file.readUInt16LE(22), samples: file.subarray(44) }
}

/** As of zlib; Node has it only from 22.2 on. */
export function crc32(bytes: Uint8Array): number {
  let sum = ~0
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  return ~sum >>> 0
}
