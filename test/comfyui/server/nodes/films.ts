import { readFileSync } from 'node:fs'
import { PythonError } from '../python/PythonError.ts'
import type { Image } from './types.ts'

export interface Sound {
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
