import { type Rgb, toLinear } from '../color.ts'
import type { Picture } from '../decodeImage.ts'
import type { Easel } from '../look.ts'
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
  easel: Easel = {},
): Generator<number, Uint8Array> {
  const count = Math.max(1, Math.round((durationMs / 1000) * FPS))
  const wide = width + (count - 1) * STEP
  const step = makeScene(prompt, seed).side * STEP
  const leftOf = (number: number): number => (step > 0 ? number * STEP : wide - width - number * STEP)
  easel.part = { left: leftOf(0), width }
  const scene = image
    ? fillFrame(image, wide, height)
    : paintScene({ prompt, seed, width: wide, height }, easel)
  const rgb = yield* within(0, 0.7, scene)
  const colorAt = (i: number) => [0, 1, 2].map((n) => toLinear(rgb[i * 3 + n]! / 255)) as unknown as Rgb
  easel.picture = { w: wide, h: height, colorAt }
  const picture = toYuv(rgb, wide, height)
  yield 0.72
  const frames: Uint8Array[] = []
  for (let number = 0; number < count; number++) {
    const left = leftOf(number)
    easel.part = { left, width }
    frames.push(panFrame(picture, { width, left }, number, step))
    yield 0.72 + (0.28 * (number + 1)) / count
  }
  return writeMp4({ width, height, fps: FPS, ...parameterSets(width, height), frames })
}
