import { blur } from '../canvas.ts'
import { clamp, fromLab, makeToByte, smoothstep, toLab } from '../color.ts'
import type { Picture } from '../decodeImage.ts'
import type { Easel } from '../look.ts'
import { makeNoise } from '../random.ts'
import { shrink } from '../scale.ts'
import { makeScene, type Scene } from '../scene/scene.ts'
import { strips, within } from '../steps.ts'
import { edgeFlow, type LabPicture, readRows } from './lab.ts'
import { makeBrush, type Painting, paintLayer, styleOf } from './strokes.ts'

/** Image to image: a picture painted over, scaled down first where it is large. Yields progress. */
export function* repaint(
  source: Picture,
  prompt: string,
  seed: number,
  easel: Easel,
): Generator<number, { rgb: Uint8Array; width: number; height: number }> {
  const picture = yield* within(0, 0.1, shrink(source))
  const { width, height } = picture
  const rgb = yield* within(picture === source ? 0 : 0.1, 1, paintOver(picture, prompt, seed, easel))
  return { rgb, width, height }
}

/** The picture painted over with a brush, in the light that the prompt asks for. Returns RGB bytes. */
function* paintOver(
  { rgba, width: w, height: h }: Picture,
  prompt: string,
  seed: number,
  easel: Easel,
): Generator<number, Uint8Array> {
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
  const { lab } = target
  easel.picture = { w, h, colorAt: (i) => fromLab([lab[i * 3]!, lab[i * 3 + 1]!, lab[i * 3 + 2]!]) }
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

/** Rows y0..y1 as RGB bytes: `fromLab` without a new list for each pixel, which would be slow. */
function writeRows({ target, relief, style, hash }: Painting, out: Uint8Array, y0: number, y1: number): void {
  const { w, h, lab } = target
  const weave = makeNoise(hash, 230)
  const toByte = makeToByte()
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
      out[i * 3] = toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)
      out[i * 3 + 1] = toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)
      out[i * 3 + 2] = toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)
    }
  }
}

function cube(value: number): number {
  return value * value * value
}

const STOPS: readonly number[] = [0.08, 0.32, 0.52, 0.7, 0.86, 1]
const STEPS = 512

/** Shifts the colours of rows y0..y1 towards the light of a scene; light and dark stay in their places. */
function makeGrade(scene: Scene, chroma: number): (picture: LabPicture, y0: number, y1: number) => void {
  const { sky, ink, sun } = scene.palette
  // From dark to light: ink, zenith, high, low, horizon, sun.
  const tones = [ink, sky[3], sky[2], sky[1], sky[0], sun].map(toLab)
  const pull = scene.steered ? 0.62 : 0.42
  const dim = { dawn: 1, day: 1.02, dusk: 0.95, night: 0.76, storm: 0.86 }[scene.time]
  const targetA = new Float32Array(STEPS + 1)
  const targetB = new Float32Array(STEPS + 1)
  for (let i = 0; i <= STEPS; i++) {
    const l = i / STEPS
    let k = 0
    while (k < STOPS.length - 2 && l > STOPS[k + 1]!) k++
    const t = smoothstep(STOPS[k]!, STOPS[k + 1]!, l)
    targetA[i] = tones[k]![1] + (tones[k + 1]![1] - tones[k]![1]) * t
    targetB[i] = tones[k]![2] + (tones[k + 1]![2] - tones[k]![2]) * t
  }
  return ({ w, lab }, y0, y1) => {
    for (let i = y0 * w * 3; i < y1 * w * 3; i += 3) {
      const l = clamp(lab[i]!)
      const a = lab[i + 1]!
      const b = lab[i + 2]!
      // What is grey takes the light of the scene; what has a strong colour keeps most of it.
      const own = Math.sqrt(a * a + b * b)
      const t = pull * (0.32 + 0.68 / (1 + (own / 0.09) ** 2))
      const k = Math.floor(l * STEPS)
      lab[i] = clamp((l + 0.1 * (l * l * (3 - 2 * l) - l)) * dim, 0.02, 1)
      lab[i + 1] = (a * 1.12 * (1 - t) + targetA[k]! * t) * chroma
      lab[i + 2] = (b * 1.12 * (1 - t) + targetB[k]! * t) * chroma
    }
  }
}
