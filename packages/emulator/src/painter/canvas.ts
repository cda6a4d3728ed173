import { clamp, type Rgb } from './color.ts'

/** A picture in linear light; `unit` is the length that stands for "one picture height". */
export interface Canvas {
  readonly w: number
  readonly h: number
  readonly unit: number
  readonly px: Float32Array
}

/** A colour, or a function that gives one for a pixel. */
type Paint = Rgb | ((x: number, y: number) => Rgb)

export function makeCanvas(width: number, height: number): Canvas {
  const w = Math.max(1, Math.floor(width))
  const h = Math.max(1, Math.floor(height))
  return { w, h, unit: Math.min(h, w * 0.8), px: new Float32Array(w * h * 3) }
}

function blend(c: Canvas, x: number, y: number, color: Rgb, alpha: number): void {
  const i = (y * c.w + x) * 3
  const px = c.px
  px[i] = px[i]! + (color[0] - px[i]!) * alpha
  px[i + 1] = px[i + 1]! + (color[1] - px[i + 1]!) * alpha
  px[i + 2] = px[i + 2]! + (color[2] - px[i + 2]!) * alpha
}

const SUBROWS = 4

/** Fill a closed polygon [x0, y0, x1, y1, ...] (non-zero winding), anti-aliased. */
export function fill(c: Canvas, points: readonly number[], paint: Paint, alpha = 1): void {
  const count = points.length / 2
  let minX = Infinity
  let maxX = -Infinity
  let minY = Infinity
  let maxY = -Infinity
  for (let i = 0; i < count; i++) {
    minX = Math.min(minX, points[i * 2]!)
    maxX = Math.max(maxX, points[i * 2]!)
    minY = Math.min(minY, points[i * 2 + 1]!)
    maxY = Math.max(maxY, points[i * 2 + 1]!)
  }
  const x0 = Math.max(0, Math.floor(minX))
  const x1 = Math.min(c.w - 1, Math.floor(maxX))
  const y0 = Math.max(0, Math.floor(minY))
  const y1 = Math.min(c.h - 1, Math.floor(maxY))
  if (!(x0 <= x1 && y0 <= y1)) return
  const cover = new Float32Array(x1 - x0 + 1)
  for (let y = y0; y <= y1; y++) {
    cover.fill(0)
    for (let sub = 0; sub < SUBROWS; sub++) coverRow(points, y + (sub + 0.5) / SUBROWS, x0, cover)
    for (let x = x0; x <= x1; x++) {
      const a = cover[x - x0]!
      if (a > 0) blend(c, x, y, typeof paint === 'function' ? paint(x, y) : paint, Math.min(1, a) * alpha)
    }
  }
}

function coverRow(points: readonly number[], y: number, x0: number, cover: Float32Array): void {
  const crossings: { x: number; way: number }[] = []
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    const ay = points[j + 1]!
    const by = points[i + 1]!
    if (ay <= y === by <= y) continue
    const x = points[j]! + ((points[i]! - points[j]!) * (y - ay)) / (by - ay)
    crossings.push({ x, way: by > ay ? 1 : -1 })
  }
  crossings.sort((a, b) => a.x - b.x)
  let winding = 0
  for (let k = 0; k + 1 < crossings.length; k++) {
    winding += crossings[k]!.way
    if (winding === 0) continue
    const left = clamp(crossings[k]!.x - x0, 0, cover.length)
    const right = clamp(crossings[k + 1]!.x - x0, 0, cover.length)
    const last = Math.min(cover.length - 1, Math.floor(right))
    for (let x = Math.floor(left); x <= last; x++) {
      const part = Math.min(x + 1, right) - Math.max(x, left)
      if (part > 0) cover[x] = cover[x]! + part / SUBROWS
    }
  }
}

/** A filled circle with soft edge of `soft` pixels. */
export function disc(c: Canvas, x: number, y: number, r: number, color: Rgb, alpha = 1, soft = 1): void {
  const y1 = Math.min(c.h - 1, Math.ceil(y + r + soft))
  const x1 = Math.min(c.w - 1, Math.ceil(x + r + soft))
  for (let py = Math.max(0, Math.floor(y - r - soft)); py <= y1; py++) {
    for (let px = Math.max(0, Math.floor(x - r - soft)); px <= x1; px++) {
      const a = (r - Math.hypot(px + 0.5 - x, py + 0.5 - y)) / soft + 0.5
      if (a > 0) blend(c, px, py, color, Math.min(1, a) * alpha)
    }
  }
}

/** Add light: a bell of radius `r`. */
export function glow(c: Canvas, x: number, y: number, r: number, color: Rgb, strength: number): void {
  const y1 = Math.min(c.h - 1, Math.ceil(y + r))
  const x1 = Math.min(c.w - 1, Math.ceil(x + r))
  for (let py = Math.max(0, Math.floor(y - r)); py <= y1; py++) {
    for (let px = Math.max(0, Math.floor(x - r)); px <= x1; px++) {
      const d = ((px + 0.5 - x) ** 2 + (py + 0.5 - y) ** 2) / (r * r)
      if (d >= 1) continue
      const k = (1 - d) ** 3 * strength
      const i = (py * c.w + px) * 3
      c.px[i] = c.px[i]! + color[0] * k
      c.px[i + 1] = c.px[i + 1]! + color[1] * k
      c.px[i + 2] = c.px[i + 2]! + color[2] * k
    }
  }
}

/** A tapering, bending stroke from (x, y) by (dx, dy); `bend` is sideways, relative to the length. */
export function stroke(
  c: Canvas,
  [x, y, dx, dy]: readonly [number, number, number, number],
  [from, to]: readonly [number, number],
  paint: Paint,
  bend = 0,
): void {
  const length = Math.hypot(dx, dy) || 1
  const nx = -dy / length
  const ny = dx / length
  const steps = bend === 0 ? 1 : 6
  const left: number[] = []
  const right: number[] = []
  for (let i = 0; i <= steps; i++) {
    const t = i / steps
    const off = bend * length * t * t
    const half = (from + (to - from) * t) / 2
    left.push(x + dx * t + nx * (off + half), y + dy * t + ny * (off + half))
    right.unshift(x + dx * t + nx * (off - half), y + dy * t + ny * (off - half))
  }
  fill(c, left.concat(right), paint)
}

/** A closed smooth (Catmull-Rom) outline through the points. */
export function smooth(points: readonly number[], steps = 6): number[] {
  const n = points.length / 2
  const out: number[] = []
  const at = (i: number, k: number): number => points[((i + n) % n) * 2 + k]!
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < steps; s++) {
      const t = s / steps
      for (let k = 0; k < 2; k++) {
        const [a, b, d, e] = [at(i - 1, k), at(i, k), at(i + 1, k), at(i + 2, k)]
        out.push(b + 0.5 * t * (d - a + t * (2 * a - 5 * b + 4 * d - e + t * (3 * (b - d) + e - a))))
      }
    }
  }
  return out
}

/** Box blur along one axis with clamped edges, in place; `channels` values interleaved. */
function blurLines(
  data: Float32Array,
  lines: number,
  length: number,
  radius: number,
  offset: (line: number) => number,
  step: number,
): void {
  const line = new Float32Array(length)
  const r = Math.min(radius, length - 1)
  const last = length - 1
  for (let k = 0; k < lines; k++) {
    const from = offset(k)
    for (let i = 0; i < length; i++) line[i] = data[from + i * step]!
    let sum = line[0]! * (r + 1)
    for (let i = 1; i <= r; i++) sum += line[i]!
    for (let i = 0; i < length; i++) {
      data[from + i * step] = sum / (2 * r + 1)
      sum += line[Math.min(last, i + r + 1)]! - line[Math.max(0, i - r)]!
    }
  }
}

/** Soft blur (two boxes each way) of interleaved values; yields after each pass. */
export function* blur(
  data: Float32Array,
  w: number,
  h: number,
  channels: number,
  radius: number,
): Generator<number, void> {
  if (radius < 1) return
  for (let round = 0; round < 2; round++) {
    blurLines(
      data,
      h * channels,
      w,
      radius,
      (k) => Math.floor(k / channels) * w * channels + (k % channels),
      channels,
    )
    yield round / 2 + 0.25
    blurLines(data, w * channels, h, radius, (k) => k, w * channels)
    yield round / 2 + 0.5
  }
}
