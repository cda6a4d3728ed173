import { makeBrush } from './brush.ts'
import { clamp, toSrgb } from './color.ts'
import { makeGrade } from './grade.ts'
import { makeNoise } from './noise.ts'
import type { LabPicture } from './planes.ts'
import { blur, edgeFlow, readRows } from './planes.ts'
import { makeScene } from './scene.ts'
import type { Painting } from './strokes.ts'
import { paintLayer } from './strokes.ts'
import { styleOf } from './style.ts'
import { paced, strips, within } from './view.ts'

export interface ImageRequest {
  readonly rgba: Uint8Array
  readonly width: number
  readonly height: number
  readonly prompt: string
  readonly seed: number
}

/** The least step of progress. */
const LEAST_STEP = 0.002

function writeRows({ target, relief, style, hash }: Painting, out: Uint8Array, y0: number, y1: number): void {
  const { w, h, lab } = target
  const weave = makeNoise(hash, 230)
  const curve = new Float32Array(4097)
  for (let i = 0; i <= 4096; i++) curve[i] = toSrgb((i / 4096) ** 2) * 255 + 0.5
  for (let y = y0; y < y1; y++) {
    for (let x = 0; x < w; x++) {
      const i = y * w + x
      const before = relief[Math.max(0, y - 1) * w + Math.max(0, x - 1)]!
      const after = relief[Math.min(h - 1, y + 1) * w + Math.min(w - 1, x + 1)]!
      const paper = weave.at(x * 0.37, y * 0.37) * style.paper
      const light = clamp(lab[i * 3]! + (before - after) * -style.relief + paper)
      const [a, b] = [lab[i * 3 + 1]!, lab[i * 3 + 2]!]
      const l = cube(light + 0.3963377774 * a + 0.2158037573 * b)
      const m = cube(light - 0.1055613458 * a - 0.0638541728 * b)
      const s = cube(light - 0.0894841775 * a - 1.291485548 * b)
      out[i * 3] = curve[level(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)]!
      out[i * 3 + 1] = curve[level(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)]!
      out[i * 3 + 2] = curve[level(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)]!
    }
  }
}

function cube(value: number): number {
  return value * value * value
}

/** Linear light as an index of the curve, which is finer in the dark. */
function level(light: number): number {
  return Math.round(Math.sqrt(clamp(light)) * 4096)
}

/** Image to image: the picture painted over with a brush, in the light the prompt asks for. Yields progress, returns RGB bytes. */
export function transformImage(o: ImageRequest): Generator<number, Uint8Array> {
  return paced(LEAST_STEP, repaint(o))
}

function* repaint(o: ImageRequest): Generator<number, Uint8Array> {
  const { rgba, width: w, height: h, prompt, seed } = o
  const scene = makeScene(prompt, seed)
  const style = styleOf(prompt)
  const source: LabPicture = { w, h, lab: new Float32Array(w * h * 3) }
  const grade = makeGrade(scene, style.chroma)
  const read = strips(source, 0, h, 4, (y0, y1) => {
    readRows(rgba, source, y0, y1)
    grade(source, y0, y1)
  })
  yield* within(0, 0.12, read)
  const largest = Math.max(1.2, Math.min(28, Math.sqrt(w * h) / 42) * style.size)
  const flow = yield* within(0.12, 0.25, edgeFlow(source, Math.max(1, Math.round(largest * 0.35))))
  const target: LabPicture = { w, h, lab: source.lab.slice() }
  yield* within(0.25, 0.32, blur(target.lab, w, h, 3, Math.round(largest * 0.8)))
  const relief = new Float32Array(w * h).fill(0.5)
  const painting: Painting = {
    source,
    target,
    relief,
    flow,
    brush: makeBrush(scene.hash),
    style,
    hash: scene.hash,
  }
  const sizes = [1, 0.5, 0.25, 0.13]
    .map((part) => largest * part)
    .filter((radius, k) => k === 0 || radius >= 1)
  let at = 0.32
  for (const [k, radius] of sizes.entries()) {
    // The first layer covers everything; the later ones only touch up.
    const part = sizes.length === 1 ? 0.5 : k === 0 ? 0.24 : 0.26 / (sizes.length - 1)
    yield* within(at, at + part, paintLayer(painting, k, radius))
    at += part
  }
  const out = new Uint8Array(w * h * 3)
  yield* within(
    0.82,
    1,
    strips(source, 0, h, 4, (y0, y1) => writeRows(painting, out, y0, y1)),
  )
  return out
}
