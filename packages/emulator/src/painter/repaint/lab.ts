import { blur } from '../canvas.ts'
import { toLinear } from '../color.ts'

/** A picture in OKLab, three values a pixel. */
export interface LabPicture {
  readonly w: number
  readonly h: number
  readonly lab: Float32Array
}

/** Rows y0..y1 of an RGBA picture over white, as OKLab: `toLab` without a new list for each pixel, which would be slow. */
export function readRows(rgba: Uint8Array, { w, lab }: LabPicture, y0: number, y1: number): void {
  const linear = new Float32Array(256)
  for (let i = 0; i < 256; i++) linear[i] = toLinear(i / 255)
  for (let i = y0 * w; i < y1 * w; i++) {
    const alpha = rgba[i * 4 + 3]! / 255
    const white = 255 * (1 - alpha) + 0.5
    const r = linear[Math.floor(rgba[i * 4]! * alpha + white)]!
    const g = linear[Math.floor(rgba[i * 4 + 1]! * alpha + white)]!
    const b = linear[Math.floor(rgba[i * 4 + 2]! * alpha + white)]!
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    lab[i * 3] = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s
    lab[i * 3 + 1] = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
    lab[i * 3 + 2] = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  }
}

/** The direction along the edges (radians) at each pixel, and how clear it is (0..1). */
export function* edgeFlow(
  { w, h, lab }: LabPicture,
  radius: number,
): Generator<number, { angle: Float32Array; clear: Float32Array }> {
  const tensor = new Float32Array(w * h * 3)
  for (let y = 0; y < h; y++) {
    const up = Math.max(0, y - 1) * w
    const down = Math.min(h - 1, y + 1) * w
    for (let x = 0; x < w; x++) {
      const gx = lab[(y * w + Math.min(w - 1, x + 1)) * 3]! - lab[(y * w + Math.max(0, x - 1)) * 3]!
      const gy = lab[(down + x) * 3]! - lab[(up + x) * 3]!
      const i = (y * w + x) * 3
      tensor[i] = gx * gx
      tensor[i + 1] = gx * gy
      tensor[i + 2] = gy * gy
    }
  }
  yield 0.2
  for (const part of blur(tensor, w, h, 3, radius)) yield 0.2 + 0.6 * part
  const angle = new Float32Array(w * h)
  const clear = new Float32Array(w * h)
  for (let i = 0; i < w * h; i++) {
    const [a, b, d] = [tensor[i * 3]!, tensor[i * 3 + 1]!, tensor[i * 3 + 2]!]
    const spread = Math.sqrt((a - d) ** 2 + 4 * b * b)
    angle[i] = 0.5 * Math.atan2(2 * b, a - d) + Math.PI / 2
    clear[i] = (spread / (a + d + 1e-5)) * Math.min(1, (a + d) * 1500)
  }
  yield 1
  return { angle, clear }
}
