import { blur } from '../canvas.ts'
import { clamp } from '../color.ts'
import { between, makeNoise, makeRandom, type Random } from '../random.ts'
import { within } from '../steps.ts'
import type { LabPicture } from './lab.ts'

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

/** One stroke: where, which way, how far to each side, how wide (half), its colour. */
interface Stroke {
  readonly x: number
  readonly y: number
  readonly angle: number
  readonly back: number
  readonly ahead: number
  readonly radius: number
  readonly color: readonly [number, number, number]
  readonly opacity: number
}

type Brush = (target: LabPicture, relief: Float32Array, stroke: Stroke) => void

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

/** How the brush is led. */
interface Style {
  /** Of the largest brush. */
  readonly size: number
  /** Of a stroke, in brush radii to each side. */
  readonly length: number
  readonly opacity: number
  /** Higher leaves more of the coarse layers as they are. */
  readonly detail: number
  readonly jitter: number
  readonly relief: number
  readonly paper: number
  readonly chroma: number
}

const OIL: Style = {
  size: 1,
  length: 3,
  opacity: 0.95,
  detail: 1,
  jitter: 0.035,
  relief: 0.075,
  paper: 0.006,
  chroma: 1.08,
}

const STYLES: readonly (readonly [words: RegExp, change: Partial<Style>])[] = [
  [
    /\bwater ?colou?r|aquarelle|\bink wash/,
    { size: 1.25, opacity: 0.6, relief: 0.012, paper: 0.02, detail: 1.3, jitter: 0.05 },
  ],
  [
    /\bsketch|pencil|charcoal|drawing|black and white|monochrom/,
    { size: 0.6, length: 4.5, chroma: 0.12, relief: 0.03, paper: 0.03 },
  ],
  [/\bpastel|crayon|chalk/, { opacity: 0.75, paper: 0.035, relief: 0.03, jitter: 0.06 }],
  [
    /impressionis|monet|van gogh|expressive|impasto/,
    { size: 1.2, length: 3.6, detail: 1.7, jitter: 0.075, relief: 0.11, chroma: 1.2 },
  ],
  [/abstract|bold|loose/, { size: 1.8, length: 4, detail: 2.4, jitter: 0.07 }],
  [/detailed|realistic|photo|fine|sharp/, { size: 0.65, detail: 0.65, jitter: 0.02, relief: 0.04 }],
  [/vivid|vibrant|colou?rful|neon|pop art/, { chroma: 1.4 }],
  [/muted|faded|vintage|desaturated/, { chroma: 0.65 }],
]

/** The style that a prompt names: oil paint unless it says otherwise. */
export function styleOf(prompt: string): Style {
  const text = prompt.slice(0, 4000).toLowerCase()
  const changes = STYLES.filter(([words]) => words.test(text)).map(([, change]) => change)
  return Object.assign({}, OIL, ...changes) as Style
}
