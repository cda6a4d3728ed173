/** The part of a wider picture that a frame shows; it has the picture's height. */
interface PanWindow {
  readonly width: number
  /** Even, in pixels from the left. */
  readonly left: number
}

const BLOCK = 16

/**
 * The H.264 code of one frame of a pan. The first frame (`number` 0) holds its pixels as they are. Each later one says that
 * the blocks of the frame before have moved by `step` pixels (even, at most 16), and holds only the column that comes into
 * sight. Nothing is lost, and no encoder is needed.
 */
export function panFrame(picture: Yuv, { width, left }: PanWindow, number: number, step: number): Uint8Array {
  const bits = createBits()
  startSlice(bits, number)
  const columns = width / BLOCK
  const entering = step > 0 ? columns - 1 : 0
  let skipped = 0
  for (let row = 0; row < picture.height / BLOCK; row++) {
    for (let column = 0; column < columns; column++) {
      const isNew = number === 0 || column === entering
      // Inside, a decoder expects a block to move as its neighbours do: such a block needs no code.
      if (!isNew && row > 0 && column > 0) {
        skipped++
        continue
      }
      if (number > 0) bits.unsigned(skipped)
      skipped = 0
      if (isNew) {
        bits.unsigned(number === 0 ? 25 : 30) // pixels as they are
        bits.align()
        putPixels(bits, picture, left + column * BLOCK, row * BLOCK)
      } else {
        const isFirst = row === 0 && column === (entering === 0 ? 1 : 0)
        bits.unsigned(0) // one block of 16 × 16 that has moved
        bits.signed(isFirst ? step * 4 : 0) // further than its neighbours, in quarters of a pixel
        bits.signed(0)
        bits.unsigned(0) // and nothing else
      }
    }
  }
  if (skipped > 0) bits.unsigned(skipped)
  return nalUnit(number === 0 ? 0x65 : 0x41, bits.end())
}

function startSlice(bits: Bits, number: number): void {
  bits.unsigned(0) // from the first block on
  bits.unsigned(number === 0 ? 7 : 5)
  bits.unsigned(0) // the parameter set
  bits.put(number % 16, 4)
  if (number === 0) bits.unsigned(0) // the id of the key frame
  // A key frame: nothing of before is kept. Any other: the usual references.
  bits.put(0, number === 0 ? 2 : 3)
  bits.signed(0) // the quantizer, unused
  bits.unsigned(1) // no deblocking: nothing is lost that it could hide
}

function putPixels(bits: Bits, { width, y, u, v }: Yuv, left: number, top: number): void {
  for (let row = 0; row < BLOCK; row++) {
    const from = (top + row) * width + left
    for (let i = from; i < from + BLOCK; i++) bits.put(y[i]!, 8)
  }
  for (const plane of [u, v]) {
    for (let row = 0; row < BLOCK / 2; row++) {
      const from = (top / 2 + row) * (width / 2) + left / 2
      for (let i = from; i < from + BLOCK / 2; i++) bits.put(plane[i]!, 8)
    }
  }
}

/** Constrained Baseline, which every player decodes, up to 1920 × 1088. */
export const PROFILE = [66, 0xc0, 40] as const

/** What a decoder needs before the first frame. Width and height are multiples of 16. */
export function parameterSets(width: number, height: number): { sps: Uint8Array; pps: Uint8Array } {
  return { sps: sequence(width, height), pps: picture() }
}

function sequence(width: number, height: number): Uint8Array {
  const bits = createBits()
  for (const byte of PROFILE) bits.put(byte, 8)
  bits.unsigned(0) // the id of this set
  bits.unsigned(0) // frame numbers have 4 bits
  bits.unsigned(2) // frames are shown in the order of the stream
  bits.unsigned(1) // one frame is kept to refer to
  bits.put(0, 1) // no gaps in the frame numbers
  bits.unsigned(width / 16 - 1)
  bits.unsigned(height / 16 - 1)
  bits.put(0b110, 3) // whole frames, direct 8 × 8, no cropping
  bits.put(0b1001, 4) // more follows: not the shape of a pixel, nor overscan, but the colours
  bits.put(5, 3) // no special video format
  bits.put(0b01, 2) // limited range, and which colours:
  for (let i = 0; i < 3; i++) bits.put(1, 8) // BT.709, as to primaries, transfer and matrix
  bits.put(0, 6) // no place of the chroma, no times, no buffers, no picture structure, no limits
  return nalUnit(0x67, bits.end())
}

function picture(): Uint8Array {
  const bits = createBits()
  bits.unsigned(0) // the id of this set
  bits.unsigned(0) // the id of the other
  bits.put(0b00, 2) // CAVLC, one order of frames
  bits.unsigned(0) // one slice group
  bits.unsigned(0) // one reference frame
  bits.unsigned(0)
  bits.put(0b000, 3) // no weights
  for (let i = 0; i < 3; i++) bits.signed(0) // quantizers, unused
  bits.put(0b100, 3) // slices say whether they are deblocked
  return nalUnit(0x68, bits.end())
}

/** Writes the codes of an H.264 stream, the highest bit first. */
interface Bits {
  /** The lowest `count` bits of a value. */
  put(value: number, count: number): void
  /** A whole number from 0 as an Exp-Golomb code. */
  unsigned(value: number): void
  /** A whole number of either sign as an Exp-Golomb code. */
  signed(value: number): void
  /** Zero bits up to the next whole byte. */
  align(): void
  /** The bytes so far, ended as a NAL unit asks for it. */
  end(): number[]
}

function createBits(): Bits {
  const bytes: number[] = []
  let current = 0
  let filled = 0

  function put(value: number, count: number): void {
    if (filled === 0 && count === 8) {
      bytes.push(value)
      return
    }
    for (let i = count - 1; i >= 0; i--) {
      current = (current << 1) | ((value >> i) & 1)
      if (++filled < 8) continue
      bytes.push(current)
      current = 0
      filled = 0
    }
  }

  function unsigned(value: number): void {
    const length = 32 - Math.clz32(value + 1)
    put(0, length - 1)
    put(value + 1, length)
  }

  function align(): void {
    if (filled > 0) put(0, 8 - filled)
  }

  return {
    put,
    unsigned,
    signed: (value) => unsigned(value > 0 ? value * 2 - 1 : value * -2),
    align,
    end() {
      put(1, 1)
      align()
      return bytes
    },
  }
}

/** A NAL unit of H.264: its header byte, then the payload. */
export function nalUnit(header: number, payload: readonly number[]): Uint8Array {
  const bytes = [header]
  let zeros = 0
  for (const byte of payload) {
    // Two zero bytes and one of 0 to 3 would look like a mark of the stream.
    if (zeros === 2 && byte <= 3) {
      bytes.push(3)
      zeros = 0
    }
    bytes.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Uint8Array.from(bytes)
}

/** A picture as video has it: brightness for each pixel, colour for each square of four. */
interface Yuv {
  readonly width: number
  readonly height: number
  readonly y: Uint8Array
  readonly u: Uint8Array
  readonly v: Uint8Array
}

/** RGB bytes in the BT.709 colours of video, limited range. Width and height are even. */
export function toYuv(rgb: Uint8Array, width: number, height: number): Yuv {
  const [y, u, v] = [width * height, (width * height) / 4, (width * height) / 4].map((n) => new Uint8Array(n))
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [rgb[i * 3]!, rgb[i * 3 + 1]!, rgb[i * 3 + 2]!]
    y![i] = 16.5 + 0.18259 * r + 0.61423 * g + 0.06201 * b
  }
  const line = width * 3
  for (let row = 0, to = 0; row < height; row += 2) {
    for (let x = 0; x < width; x += 2, to++) {
      const i = row * line + x * 3
      const mean = (n: number): number =>
        (rgb[i + n]! + rgb[i + n + 3]! + rgb[i + n + line]! + rgb[i + n + line + 3]!) / 4
      const [r, g, b] = [mean(0), mean(1), mean(2)]
      u![to] = 128.5 - 0.10064 * r - 0.33857 * g + 0.43922 * b
      v![to] = 128.5 + 0.43922 * r - 0.39894 * g - 0.04027 * b
    }
  }
  return { width, height, y: y!, u: u!, v: v! }
}
