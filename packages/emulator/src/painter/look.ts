import { encode } from 'fast-png'
import { makeToByte, type Rgb } from './color.ts'

/** Where a painter shows what it has so far. */
export interface Easel {
  /** `colorAt` gives the light of a pixel, black where nothing is painted yet. Default: there is nothing to see */
  picture?: { readonly w: number; readonly h: number; readonly colorAt: (pixel: number) => Rgb }
  /** The columns that are seen. Default: all */
  part?: { readonly left: number; readonly width: number }
}

const MOST_SIDE = 512
const MOST_BYTES = 200 * 1024
const PAPER: Rgb = [0.8, 0.78, 0.74]
/** Finer shades would take four times the bytes. */
const SHADES = 0b1111_1000

/** A small PNG of what is on an easel. */
export function look(
  { w, h, colorAt }: NonNullable<Easel['picture']>,
  { left, width }: NonNullable<Easel['part']> = { left: 0, width: w },
  mostSide: number = MOST_SIDE,
): { data: Uint8Array; type: string } {
  const step = Math.max(1, width / mostSide, h / mostSide)
  const [columns, rows] = [width, h].map((side) => Math.max(1, Math.round(side / step)))
  const size = { width: columns!, height: rows! }
  const toByte = makeToByte()
  const rgb = new Uint8Array(size.width * size.height * 3)
  for (let y = 0, at = 0; y < size.height; y++) {
    const row = Math.floor(y * step) * w + left
    for (let x = 0; x < size.width; x++) {
      const [r, g, b] = colorAt(row + Math.floor(x * step))
      const [red, green, blue] = r || g || b ? [r, g, b] : PAPER
      rgb[at++] = toByte(red) & SHADES
      rgb[at++] = toByte(green) & SHADES
      rgb[at++] = toByte(blue) & SHADES
    }
  }
  const data = encode({ data: rgb, ...size, channels: 3, depth: 8 })
  // A picture of noise. A half always fits.
  if (data.byteLength > MOST_BYTES) return look({ w, h, colorAt }, { left, width }, mostSide / 2)
  return { data, type: 'image/png' }
}
