import { type Easel, look } from './look.ts'

/** How long a run is to take, and who hears of its progress. */
export interface Pace {
  readonly totalMs: number
  /** Rejects when the run is cancelled. */
  sleep(ms: number): Promise<void>
  /** From 0 to 1. */
  progress(fraction: number): void
  /** Takes a small picture of what is painted so far, about every 500 ms. Default: none is made */
  readonly preview?: ((picture: { data: Uint8Array; type: string }) => void) | undefined
}

const PREVIEW_MS = 500

/** Runs a painter step by step, so that it takes `totalMs`, its work included, and the event loop gets its turns. */
export async function drive<T>(
  steps: Generator<number, T>,
  { totalMs, sleep, progress, preview }: Pace,
  easel: Easel,
): Promise<T> {
  let before = 0
  let seen = 0
  for (;;) {
    const start = Date.now()
    const step = steps.next()
    const now = step.done ? 1 : step.value
    // A short painting is seen once, too.
    if (preview && easel.picture && !step.done && now - seen >= Math.min(PREVIEW_MS / totalMs, 0.5)) {
      preview(look(easel.picture, easel.part))
      seen = now
    }
    const worked = Date.now() - start
    progress(now)
    await sleep(Math.max(0, totalMs * (now - before) - worked))
    if (step.done) return step.value
    before = now
  }
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
