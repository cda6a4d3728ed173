import type { Picture } from './checkSize.ts'
import { strips } from './view.ts'

/** A rectangle of a picture, in pixels. */
export interface Part {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A part of a picture at another size, each pixel the average of those it stands for. Yields progress, returns RGBA bytes. */
export function* scalePart(
  { rgba, width }: Picture,
  part: Part,
  w: number,
  h: number,
): Generator<number, Uint8Array> {
  const out = new Uint8Array(w * h * 4)
  const average = (x: number, y: number): void => {
    const x0 = Math.floor(part.left + (x * part.width) / w)
    const y0 = Math.floor(part.top + (y * part.height) / h)
    const x1 = Math.max(x0 + 1, Math.floor(part.left + ((x + 1) * part.width) / w))
    const y1 = Math.max(y0 + 1, Math.floor(part.top + ((y + 1) * part.height) / h))
    let [r, g, b, a] = [0, 0, 0, 0]
    for (let row = y0; row < y1; row++) {
      for (let i = (row * width + x0) * 4; i < (row * width + x1) * 4; i += 4) {
        const alpha = rgba[i + 3]!
        // What cannot be seen has no say in the colour.
        r += rgba[i]! * alpha
        g += rgba[i + 1]! * alpha
        b += rgba[i + 2]! * alpha
        a += alpha
      }
    }
    const to = (y * w + x) * 4
    const visible = Math.max(1, a)
    out[to] = Math.round(r / visible)
    out[to + 1] = Math.round(g / visible)
    out[to + 2] = Math.round(b / visible)
    out[to + 3] = Math.round(a / ((x1 - x0) * (y1 - y0)))
  }
  yield* strips({ w, h }, 0, h, 1, (y0, y1) => {
    for (let y = y0; y < y1; y++) for (let x = 0; x < w; x++) average(x, y)
  })
  return out
}
