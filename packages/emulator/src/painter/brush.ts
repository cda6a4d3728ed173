import { clamp } from './color.ts'
import type { LabPicture } from './planes.ts'
import type { Random } from './random.ts'
import { makeRandom } from './random.ts'

/** One stroke: where, which way, how far to each side, how wide (half), its colour. */
export interface Stroke {
  readonly x: number
  readonly y: number
  readonly angle: number
  readonly back: number
  readonly ahead: number
  readonly radius: number
  readonly color: readonly [number, number, number]
  readonly opacity: number
}

export type Brush = (target: LabPicture, relief: Float32Array, stroke: Stroke) => void

const BRISTLES = 1024

/** A flat brush whose bristles leave furrows and fray at the ends. */
export function makeBrush(hash: number): Brush {
  const random: Random = makeRandom(hash, 201)
  const bristles = new Float32Array(BRISTLES)
  let smoothed = 0.5
  for (let i = 0; i < BRISTLES; i++) {
    smoothed = smoothed * 0.45 + random() * 0.55
    bristles[i] = smoothed
  }
  return ({ w, h, lab }, relief, { x, y, angle, back, ahead, radius, color, opacity }) => {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    const [ax, bx] = [x - cos * back, x + cos * ahead]
    const [ay, by] = [y - sin * back, y + sin * ahead]
    const x0 = Math.max(0, Math.floor(Math.min(ax, bx) - radius))
    const x1 = Math.min(w - 1, Math.ceil(Math.max(ax, bx) + radius))
    const y0 = Math.max(0, Math.floor(Math.min(ay, by) - radius))
    const y1 = Math.min(h - 1, Math.ceil(Math.max(ay, by) + radius))
    const start = Math.floor(random() * BRISTLES)
    const fine = clamp(12 / radius, 0.4, 0.8)
    const soft = Math.max(1, radius * 0.22)
    for (let py = y0; py <= y1; py++) {
      for (let px = x0; px <= x1; px++) {
        const dx = px + 0.5 - x
        const dy = py + 0.5 - y
        const v = dy * cos - dx * sin
        if (v > radius || v < -radius) continue
        const u = dx * cos + dy * sin
        const across = start + (v + radius) * fine
        const one = Math.floor(across)
        const left = bristles[one & (BRISTLES - 1)]!
        const hair = left + (bristles[(one + 1) & (BRISTLES - 1)]! - left) * (across - one)
        const fray = radius * (0.25 + hair * 0.9)
        const over = u > 0 ? u - ahead + fray : -u - back + fray
        if (over > radius) continue
        const side = Math.min(2, (radius - Math.abs(v)) / soft)
        const end = Math.min(1, (radius - over) / (soft * 1.6))
        const edge = Math.min(1, side) * end
        const alpha = edge * opacity * (0.72 + 0.28 * hair)
        const i = py * w + px
        lab[i * 3] = lab[i * 3]! + (color[0] + (hair - 0.5) * 0.014 - lab[i * 3]!) * alpha
        lab[i * 3 + 1] = lab[i * 3 + 1]! + (color[1] - lab[i * 3 + 1]!) * alpha
        lab[i * 3 + 2] = lab[i * 3 + 2]! + (color[2] - lab[i * 3 + 2]!) * alpha
        relief[i] = relief[i]! + (hair * (0.45 + 0.275 * side) - relief[i]!) * alpha
      }
    }
  }
}
