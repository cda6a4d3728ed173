import type { Picture } from './decodeImage.ts'
import { strips } from './steps.ts'

/** A rectangle of a picture, in pixels. */
interface Part {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A part of a picture at another size, each pixel the average of those it stands for. Yields progress, returns RGBA bytes. */
function* scalePart(
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

/** Of a picture that is painted. */
export const MOST_PIXELS = 1_500_000

/** A picture that is larger than 1.5 megapixels, scaled down to that by averages; yields progress. */
export function* shrink(picture: Picture): Generator<number, Picture> {
  const { width, height } = picture
  const factor = Math.sqrt(MOST_PIXELS / (width * height))
  if (factor >= 1) return picture
  // A line of many millions is a picture, too.
  const h = Math.max(1, Math.min(MOST_PIXELS, Math.floor(height * factor)))
  const w = Math.max(1, Math.min(Math.floor(MOST_PIXELS / h), Math.floor(width * factor)))
  const rgba = yield* scalePart(picture, { left: 0, top: 0, width, height }, w, h)
  return { rgba, width: w, height: h }
}

/** The middle of a picture, as large as fits the shape of a frame of w × h, over white. Yields progress, returns RGB bytes. */
export function* fillFrame(picture: Picture, w: number, h: number): Generator<number, Uint8Array> {
  const { width, height } = picture
  const factor = Math.min(width / w, height / h)
  const part = { width: w * factor, height: h * factor }
  const place = { left: (width - part.width) / 2, top: (height - part.height) / 2 }
  const rgba = yield* scalePart(picture, { ...part, ...place }, w, h)
  const rgb = new Uint8Array(w * h * 3)
  for (let i = 0; i < w * h; i++) {
    const alpha = rgba[i * 4 + 3]! / 255
    for (let n = 0; n < 3; n++) rgb[i * 3 + n] = rgba[i * 4 + n]! * alpha + 255 * (1 - alpha) + 0.5
  }
  return rgb
}
