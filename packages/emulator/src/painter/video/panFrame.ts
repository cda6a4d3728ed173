import { type Bits, createBits } from './createBits.ts'
import { nalUnit } from './nalUnit.ts'
import type { Yuv } from './toYuv.ts'

/** The part of a wider picture that a frame shows; it has the picture's height. */
export interface PanWindow {
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
