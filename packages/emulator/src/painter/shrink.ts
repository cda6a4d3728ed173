import type { Picture } from './checkSize.ts'
import { scalePart } from './scalePart.ts'

const MOST_PIXELS = 1_500_000

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
