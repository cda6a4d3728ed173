import type { Picture } from './checkSize.ts'
import { scalePart } from './scalePart.ts'

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
