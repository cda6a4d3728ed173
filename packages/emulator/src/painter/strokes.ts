import type { Brush } from './brush.ts'
import { clamp } from './color.ts'
import { makeNoise } from './noise.ts'
import type { LabPicture } from './planes.ts'
import { blur } from './planes.ts'
import { between, makeRandom } from './random.ts'
import type { Style } from './style.ts'
import { within } from './view.ts'

export interface Painting {
  readonly source: LabPicture
  readonly target: LabPicture
  readonly relief: Float32Array
  readonly flow: { angle: Float32Array; clear: Float32Array }
  readonly brush: Brush
  readonly style: Style
  readonly hash: number
}

/** Strokes of one size, where the painting is not close enough to the picture yet. */
export function* paintLayer(painting: Painting, layer: number, radius: number): Generator<number, void> {
  const { source, target, relief, flow, brush, style, hash } = painting
  const { w, h } = source
  const random = makeRandom(hash, 210 + layer)
  const noise = makeNoise(hash, 220 + layer)
  const ref = source.lab.slice()
  yield* within(0, 0.2, blur(ref, w, h, 3, Math.round(radius * 0.4)))
  const step = Math.max(1, radius * 0.95)
  const columns = Math.ceil(w / step)
  const order = new Uint32Array(columns * Math.ceil(h / step))
  for (let i = 0; i < order.length; i++) {
    const j = Math.floor(random() * (i + 1))
    order[i] = order[j]!
    order[j] = i
  }
  const reach = radius * style.length * between(random, 0.9, 1.1)
  const close = layer === 0 ? -1 : style.detail * (0.02 + 0.012 * layer)
  const walk = (x: number, y: number, dx: number, dy: number, i: number): number => {
    let far = 0
    while (far < reach) {
      const next = far + Math.max(1, radius * 0.5)
      const px = Math.floor(x + dx * next)
      const py = Math.floor(y + dy * next)
      if (px < 0 || py < 0 || px >= w || py >= h) break
      if (difference(ref, i, ref, (py * w + px) * 3) > 0.05) break
      far = next
    }
    return far + radius * 0.35
  }
  const chunk = Math.ceil(order.length / ((layer === 0 ? 9 : 8) * Math.ceil((w * h) / 800_000)))
  for (let n = 0; n < order.length; n++) {
    if (n % chunk === chunk - 1) yield 0.2 + (0.8 * n) / order.length
    const cell = order[n]!
    const x = clamp(((cell % columns) + random()) * step, 0, w - 1)
    const y = clamp((Math.floor(cell / columns) + random()) * step, 0, h - 1)
    const at = Math.floor(y) * w + Math.floor(x)
    const i = at * 3
    if (difference(ref, i, target.lab, i) < close) continue
    const drift = noise.fbm((x / w) * 3, (y / w) * 3, 2) * 2.6
    const angle = flow.clear[at]! > 0.22 + random() * 0.2 ? flow.angle[at]! + (random() - 0.5) * 0.25 : drift
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    const jitter = (random() - 0.5) * style.jitter
    brush(target, relief, {
      x,
      y,
      angle,
      back: walk(x, y, -cos, -sin, i),
      ahead: walk(x, y, cos, sin, i),
      radius: radius * between(random, 0.75, 1.15),
      color: [
        ref[i]! + jitter,
        ref[i + 1]! + (random() - 0.5) * style.jitter * 0.5,
        ref[i + 2]! + (random() - 0.5) * style.jitter * 0.5,
      ],
      opacity: style.opacity,
    })
  }
}

function difference(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const l = a[i]! - b[j]!
  const u = a[i + 1]! - b[j + 1]!
  const v = a[i + 2]! - b[j + 2]!
  return Math.sqrt(l * l + 1.5 * (u * u + v * v))
}
