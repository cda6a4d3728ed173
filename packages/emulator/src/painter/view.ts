import type { Canvas } from './canvas.ts'
import type { Noise } from './noise.ts'
import type { Scene } from './scene.ts'

/** A scene on a canvas: positions in pixels. */
export interface View {
  readonly canvas: Canvas
  readonly scene: Scene
  readonly noise: Noise
  /** The row of the horizon. */
  readonly horizon: number
  readonly sunX: number
  readonly sunY: number
  readonly sunR: number
}

/** Work on rows from..to in `parts` strips (more in a large picture); yields the part done after each. */
export function* strips(
  canvas: { readonly w: number; readonly h: number },
  from: number,
  to: number,
  parts: number,
  work: (y0: number, y1: number) => void,
): Generator<number, void> {
  const y0 = Math.max(0, Math.floor(from))
  const y1 = Math.max(y0, Math.ceil(to))
  const count = parts * Math.ceil((canvas.w * canvas.h) / 800_000)
  for (let i = 0; i < count; i++) {
    work(y0 + Math.floor(((y1 - y0) * i) / count), y0 + Math.floor(((y1 - y0) * (i + 1)) / count))
    yield (i + 1) / count
  }
}

/** The progress of one stage as a part (from..to) of a larger one; returns what the stage returns. */
export function* within<T>(from: number, to: number, stage: Generator<number, T>): Generator<number, T> {
  let step = stage.next()
  for (; !step.done; step = stage.next()) yield from + (to - from) * step.value
  return step.value
}

/** The same progress in steps of at least `least`, never backwards. */
export function* paced<T>(least: number, stage: Generator<number, T>): Generator<number, T> {
  let told = 0
  let step = stage.next()
  for (; !step.done; step = stage.next()) {
    if (step.value - told < least && step.value < 1) continue
    told = Math.min(1, step.value)
    yield told
  }
  return step.value
}
