import { makeNoise } from './noise.ts'
import type { Ridge } from './ridges.ts'
import { SUBCOLUMNS } from './ridges.ts'
import type { View } from './view.ts'

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
