import type { Picture } from '../decodeImage.ts'
import { fillFrame } from '../scale.ts'
import { paintScene } from '../scene/paintScene.ts'
import { makeScene } from '../scene/scene.ts'
import { within } from '../steps.ts'
import { panFrame, parameterSets, toYuv } from './h264.ts'
import { writeMp4 } from './mp4.ts'

/** By how many pixels the view moves from frame to frame: even, as colour has half the resolution. */
const STEP = 2
/** Frames a second. */
const FPS = 16

interface VideoRequest {
  readonly prompt: string
  readonly seed: number
  /** A multiple of 16, as the height is. */
  readonly width: number
  readonly height: number
  readonly durationMs?: number
}

/**
 * Text to video: a slow pan over a painted scene, towards its subject, or over an image. Yields progress, returns an MP4
 * file.
 */
export function* paintVideo(
  { prompt, seed, width, height, durationMs = 2000 }: VideoRequest,
  image: Picture | undefined,
): Generator<number, Uint8Array> {
  const count = Math.max(1, Math.round((durationMs / 1000) * FPS))
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
  return writeMp4({ width, height, fps: FPS, ...parameterSets(width, height), frames })
}
