import { PROFILE } from './h264.ts'

interface Movie {
  readonly width: number
  readonly height: number
  /** Frames a second, a whole number. */
  readonly fps: number
  readonly sps: Uint8Array
  readonly pps: Uint8Array
  /** The H.264 code of each frame; the first is the only key frame. */
  readonly frames: readonly Uint8Array[]
}

type Part = Uint8Array | readonly number[]

/** An MP4 file with one video track. The index is in front of the frames, so that a player can start at once. */
export function writeMp4(movie: Movie): Uint8Array {
  const type = box('ftyp', text('isom'), u32(512), text('isomiso2avc1mp41'))
  const data = box('mdat', ...movie.frames.flatMap((frame) => [u32(frame.length), frame]))
  const at = type.length + index(movie, 0).length + 8
  return concat([type, index(movie, at), data])
}

/** `at` is where the frames start in the file. */
function index(movie: Movie, at: number): Uint8Array {
  const { width, height, fps, frames } = movie
  const length = [...u32(fps), ...u32(frames.length)]
  const zeros = (count: number): number[] => Array<number>(count).fill(0)
  const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap(u32)
  const samples = box(
    'stbl',
    full('stsd', 0, u32(1), sampleEntry(movie)),
    full('stts', 0, u32(1), u32(frames.length), u32(1)),
    full('stss', 0, u32(1), u32(1)),
    full('stsc', 0, u32(1), u32(1), u32(frames.length), u32(1)),
    full('stsz', 0, u32(0), u32(frames.length), ...frames.map((frame) => u32(frame.length + 4))),
    full('stco', 0, u32(1), u32(at)),
  )
  const source = box('dinf', full('dref', 0, u32(1), full('url ', 1)))
  const media = box(
    'mdia',
    full('mdhd', 0, zeros(8), length, u16(0x55c4), u16(0)), // no language
    full('hdlr', 0, zeros(4), text('vide'), zeros(12), text('Video\0')),
    box('minf', full('vmhd', 1, zeros(8)), source, samples),
  )
  return box(
    'moov',
    full('mvhd', 0, zeros(8), length, u32(0x10000), u16(0x100), zeros(10), matrix, zeros(24), u32(2)),
    box(
      'trak',
      full(
        'tkhd',
        3, // enabled, and part of the movie
        zeros(8),
        u32(1),
        zeros(4),
        u32(frames.length),
        zeros(16),
        matrix,
        u32(width * 0x10000),
        u32(height * 0x10000),
      ),
      media,
    ),
  )
}

function sampleEntry({ width, height, sps, pps }: Movie): Uint8Array {
  const setup = box('avcC', [1, ...PROFILE, 0xff, 0xe1], u16(sps.length), sps, [1], u16(pps.length), pps)
  const before = [0, 0, 0, 0, 0, 0, 0, 1, ...Array<number>(16).fill(0)]
  const resolution = [...u32(0x480000), ...u32(0x480000)]
  const after = [0, 0, 0, 0, ...u16(1), ...Array<number>(32).fill(0), ...u16(24), 0xff, 0xff]
  return box('avc1', before, u16(width), u16(height), resolution, after, setup)
}

function box(type: string, ...parts: Part[]): Uint8Array {
  const body = concat(parts)
  return concat([u32(body.length + 8), text(type), body])
}

/** A box with a version, 0, and flags. */
function full(type: string, flags: number, ...parts: Part[]): Uint8Array {
  return box(type, u32(flags), ...parts)
}

function text(ascii: string): Uint8Array {
  return new TextEncoder().encode(ascii)
}

function u16(value: number): number[] {
  return [value >>> 8, value & 255]
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)]
}

function concat(parts: readonly Part[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
