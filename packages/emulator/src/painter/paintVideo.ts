import type { Picture } from './checkSize.ts'
import { fillFrame } from './fillFrame.ts'
import type { SceneRequest } from './paintScene.ts'
import { paintScene } from './paintScene.ts'
import { makeScene } from './scene.ts'
import { panFrame } from './video/panFrame.ts'
import { parameterSets } from './video/parameterSets.ts'
import { toYuv } from './video/toYuv.ts'
import { writeMp4 } from './video/writeMp4.ts'
import { paced, within } from './view.ts'

/** Width and height are multiples of 16. */
export interface VideoRequest extends SceneRequest {
  /** Default: 2000 */
  readonly durationMs?: number
  /** Frames a second, a whole number. Default: 16 */
  readonly fps?: number
  /** Shown instead of a painted scene; prompt and seed then decide only the direction. */
  readonly image?: Picture | undefined
}

/** By how many pixels the view moves from frame to frame: even, as colour has half the resolution. */
const STEP = 2
/** The least step of progress. */
const LEAST_STEP = 0.018

/** Text to video: a slow pan over a painted scene, towards its subject, or over an image. Yields progress, returns an MP4 file. */
export function paintVideo(o: VideoRequest): Generator<number, Uint8Array> {
  return paced(LEAST_STEP, film(o))
}

function* film(o: VideoRequest): Generator<number, Uint8Array> {
  const { prompt, seed, width, height, durationMs = 2000, fps = 16, image } = o
  const count = Math.max(1, Math.round((durationMs / 1000) * fps))
  const wide = width + (count - 1) * STEP
  const scene = image ? fillFrame(image, wide, height) : paintScene({ prompt, seed, width: wide, height })
  const rgb = yield* within(0, 0.7, scene)
  const picture = toYuv(rgb, wide, height)
  yield 0.72
  const step = makeScene(prompt, seed).side * STEP
  const frames: Uint8Array[] = []
  for (let number = 0; number < count; number++) {
    const left = step > 0 ? number * STEP : wide - width - number * STEP
    frames.push(panFrame(picture, { width, left }, number, step))
    yield 0.72 + (0.28 * (number + 1)) / count
  }
  return writeMp4({ width, height, fps, ...parameterSets(width, height), frames })
}
