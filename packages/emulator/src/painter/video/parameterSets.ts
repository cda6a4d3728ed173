import { createBits } from './createBits.ts'
import { nalUnit } from './nalUnit.ts'

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
