import type { Picture } from './checkSize.ts'
import { strips } from './view.ts'

const MOST_PIXELS = 1_500_000

/** A picture that is larger than 1.5 megapixels, scaled down to that by averages; yields progress. */
export function* shrink(picture: Picture): Generator<number, Picture> {
  const { rgba, width, height } = picture
  const factor = Math.sqrt(MOST_PIXELS / (width * height))
  if (factor >= 1) return picture
  // A line of many millions is a picture, too.
  const h = Math.max(1, Math.min(MOST_PIXELS, Math.floor(height * factor)))
  const w = Math.max(1, Math.min(Math.floor(MOST_PIXELS / h), Math.floor(width * factor)))
  const small = new Uint8Array(w * h * 4)
  const average = (x: number, y: number): void => {
    const [x0, y0] = [Math.floor((x * width) / w), Math.floor((y * height) / h)]
    const [x1, y1] = [Math.floor(((x + 1) * width) / w), Math.floor(((y + 1) * height) / h)]
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
    small[to] = Math.round(r / visible)
    small[to + 1] = Math.round(g / visible)
    small[to + 2] = Math.round(b / visible)
    small[to + 3] = Math.round(a / ((x1 - x0) * (y1 - y0)))
  }
  yield* strips({ w: width, h: height }, 0, h, 1, (y0, y1) => {
    for (let y = y0; y < y1; y++) for (let x = 0; x < w; x++) average(x, y)
  })
  return { rgba: small, width: w, height: h }
}
