import type { Picture } from './checkSize.ts'
import { shrink } from './shrink.ts'
import { transformImage } from './transformImage.ts'
import { within } from './view.ts'

/** A picture painted over, scaled down first where it is large. Yields progress. */
export function* repaint(
  source: Picture,
  prompt: string,
  seed: number,
): Generator<number, { rgb: Uint8Array; width: number; height: number }> {
  const picture = yield* within(0, 0.1, shrink(source))
  const { width, height } = picture
  const rgb = yield* within(picture === source ? 0 : 0.1, 1, transformImage({ ...picture, prompt, seed }))
  return { rgb, width, height }
}
