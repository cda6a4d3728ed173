import { between, makeNoise, makeRandom, type Noise, pick, type Random } from '../random.ts'
import type { View } from './scene.ts'

type RidgeKind = 'mountain' | 'hill' | 'dune' | 'mesa' | 'pine' | 'rock'

/** One layer of land: its outline, and how far away it is (0 far, 1 near). */
export interface Ridge {
  readonly kind: RidgeKind
  readonly depth: number
  /** The row of the outline, `SUBCOLUMNS` times per column. */
  readonly tops: Float32Array
  /** The same without the trees. */
  readonly ground: Float32Array
  /** Height of the layer in pixels, and its foot. */
  readonly tall: number
  readonly base: number
}

export const SUBCOLUMNS = 4

type Plan = readonly [kind: RidgeKind, base: number, tall: number, depth: number]

function outline(kind: RidgeKind, noise: Noise, u: number, k: number): number {
  if (kind === 'mountain') {
    const big = 0.5 + 0.5 * noise.fbm(u * 0.8, k + 0.5, 2)
    return 0.2 + 0.75 * noise.ridged(u * 0.95, k, 6) * (0.45 + 0.8 * big)
  }
  if (kind === 'mesa') {
    const n = noise.fbm(u * 1.1, k, 2)
    const step = (at: number): number => Math.min(1, Math.max(0, (n - at) / 0.045))
    return 0.1 + 0.42 * step(0) + 0.3 * step(0.2) + 0.07 * noise.fbm(u * 7, k, 3) + 0.12 * n
  }
  if (kind === 'dune') {
    const t = u * 0.85 + 0.55 * noise.at(u * 0.5, k + 0.3) + k * 0.37
    const f = t - Math.floor(t)
    const rise = f < 0.62 ? (f / 0.62) ** 1.6 : (1 - (f - 0.62) / 0.38) ** 1.35
    return 0.12 + rise * (0.55 + 0.35 * noise.at(u * 0.6 + 5, k)) + 0.2 * noise.at(u * 0.7, k + 8)
  }
  const rough = kind === 'pine' ? 3 : 4
  return 0.5 + 0.6 * noise.fbm(u * 0.75, k, rough)
}

function plant(tops: Float32Array, unit: number, size: number, random: Random): void {
  const step = SUBCOLUMNS
  const original = tops.slice()
  const count = Math.ceil((tops.length / step / unit / size) * 15)
  for (let i = 0; i < count; i++) {
    const center = random() * tops.length
    const tall = unit * size * (0.38 + 0.8 * random() ** 1.6)
    const half = tall * between(random, 0.17, 0.24) * step
    const foot = original[Math.min(tops.length - 1, Math.floor(center))]! + tall * 0.12
    const boughs = between(random, 6, 9)
    for (let s = Math.max(0, Math.ceil(center - half)); s <= Math.min(tops.length - 1, center + half); s++) {
      const d = Math.abs(s - center) / half
      const saw = (d * boughs) % 1
      const high = tall * (1 - d ** 0.8 - 0.13 * saw * (1 - d * 0.5) * (d > 0.04 ? 1 : 0))
      tops[s] = Math.min(tops[s]!, foot - high)
    }
  }
}

function plans(view: View, random: Random): Plan[] {
  const { scene } = view
  const hor = view.horizon / view.canvas.h
  const { land, water } = scene
  const far: RidgeKind =
    land === 'desert' ? 'mesa' : land === 'meadow' || land === 'sea' ? 'hill' : 'mountain'
  if (land === 'sea') {
    const coast = random()
    if (coast < 0.3) return []
    if (coast < 0.7) return [['hill', hor + 0.003, between(random, 0.03, 0.09), 0.12]]
    return [
      ['mountain', hor + 0.003, between(random, 0.12, 0.2), 0.05],
      ['hill', hor + 0.003, between(random, 0.04, 0.08), 0.2],
    ]
  }
  if (land === 'city') return [['mountain', hor, 0.16, 0.05]]
  if (water) {
    const near: RidgeKind = pick(random, ['hill', 'pine', 'pine'])
    const tall = between(random, 0.26, 0.4)
    return [
      [far, hor, tall, 0.08],
      [far, hor, tall * 0.72, 0.28],
      ['hill', hor + 0.002, tall * 0.34, 0.5],
      [near, hor + 0.006, 0.07, 0.72],
    ]
  }
  const rest = 1 - hor
  const row = (t: number): number => hor + rest * t
  if (land === 'desert') {
    return [
      [far, row(0.02), 0.2, 0.1],
      ['dune', row(0.16), 0.13, 0.35],
      ['dune', row(0.4), 0.17, 0.6],
      ['dune', row(0.85), 0.26, 0.85],
    ]
  }
  const tall = land === 'meadow' ? 0.16 : between(random, 0.3, 0.42)
  if (land === 'meadow') {
    return [
      [random() < 0.5 ? 'mountain' : far, row(0.02), tall, 0.06],
      [far, row(0.08), tall * 0.66, 0.24],
      ['hill', row(0.26), 0.16, 0.46],
      ['hill', row(0.55), 0.15, 0.68],
      ['hill', row(1), 0.17, 0.9],
    ]
  }
  return [
    [far, row(0.02), tall, 0.06],
    [land === 'forest' ? 'pine' : far, row(0.08), tall * 0.66, 0.24],
    [land === 'forest' || random() < 0.5 ? 'pine' : 'mountain', row(0.26), 0.15, 0.42],
    ['pine', row(0.45), 0.12, 0.58],
    ['pine', row(0.72), 0.12, 0.75],
    [land === 'forest' && random() < 0.6 ? 'pine' : 'hill', row(1), 0.15, 0.92],
  ]
}

/** The layers of land of a scene, from far to near. */
export function makeRidges(view: View): Ridge[] {
  const { canvas, scene } = view
  const random = makeRandom(scene.hash, 31)
  const noise = makeNoise(scene.hash, 32)
  const spread = between(random, 0.85, 1.3)
  return plans(view, random).map(([kind, base, part, depth], k) => {
    const tops = new Float32Array(canvas.w * SUBCOLUMNS)
    const tall = part * canvas.unit
    const offset = random() * 40
    const size = (0.55 + 0.45 * (1 - depth)) * 2.1 * spread
    const island = scene.land === 'sea' && kind === 'hill' ? between(random, 0.1, 0.9) : -1
    for (let s = 0; s < tops.length; s++) {
      const u = s / SUBCOLUMNS / canvas.unit
      const here = s / tops.length
      // A valley opens under the light, so that the picture has a way in.
      const valley = 1 - (0.42 - depth * 0.25) * Math.exp(-(((here - view.sunX / canvas.w) / 0.2) ** 2))
      const lone = island < 0 ? 1 : 1.5 * Math.exp(-(((here - island) / 0.22) ** 2)) - 0.35
      tops[s] = base * canvas.h - tall * outline(kind, noise, u * size + offset, k * 9.7) * valley * lone
    }
    const ground = tops.slice()
    if (kind === 'pine') plant(tops, canvas.unit, 0.035 + depth * depth * 0.17, random)
    return { kind, depth, tops, ground, tall, base: base * canvas.h }
  })
}

/** A headland that falls from one side of the picture into the water. */
export function headland(
  view: View,
  side: number,
  tall: number,
  reach: number,
  base: number,
  depth: number,
): Ridge {
  const { canvas, scene } = view
  const noise = makeNoise(scene.hash, 101 + Math.round(depth * 9) + side)
  const tops = new Float32Array(canvas.w * SUBCOLUMNS)
  for (let s = 0; s < tops.length; s++) {
    const x = s / SUBCOLUMNS
    const t = (side > 0 ? canvas.w - x : x) / canvas.w / reach
    const u = x / canvas.unit
    const cliff = t < 0.62 ? 1 - 0.22 * (t / 0.62) ** 2 : 0.78 * (1 - ((t - 0.62) / 0.38) ** 1.5)
    const rough = noise.fbm(u * 7, 3, 4) * 0.13 + 0.1 * noise.ridged(u * 3, 7, 3) * Math.min(1, t + 0.4)
    tops[s] = base - canvas.unit * tall * (t > 1.3 ? -1 : cliff + rough * (t > 0.3 && t < 0.6 ? 0.4 : 1))
  }
  return { kind: 'rock', depth, tops, ground: tops, tall: tall * canvas.unit, base }
}

/** The row of a layer's outline at a column. */
export function rowAt(ridge: Ridge, x: number): number {
  const s = Math.round(x * SUBCOLUMNS)
  return ridge.tops[Math.min(ridge.tops.length - 1, Math.max(0, s))]!
}
