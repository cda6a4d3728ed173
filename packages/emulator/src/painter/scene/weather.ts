import { type Canvas, glow, stroke } from '../canvas.ts'
import { clamp, hex, mix, type Rgb, scale, smoothstep } from '../color.ts'
import { between, makeNoise, makeRandom } from '../random.ts'
import type { View } from './scene.ts'

/** A bolt from the clouds to the horizon, with side branches. */
export function paintLightning({ canvas, scene, horizon }: View): void {
  const random = makeRandom(scene.hash, 91)
  const { unit, w } = canvas
  const color: Rgb = [1.1, 1.1, 1.5]
  const from = w * (0.5 - scene.side * between(random, 0.1, 0.3))
  const run = (x: number, y: number, until: number, wide: number, branches: number): void => {
    let drift = (random() - 0.5) * 0.6
    while (y < until) {
      const dy = unit * between(random, 0.012, 0.03)
      drift = clamp(drift * 0.75 + (random() - 0.5) * 1.7, -1.3, 1.3)
      const dx = dy * drift
      stroke(canvas, [x, y, dx, dy * 1.08], [wide, wide], color)
      glow(canvas, x, y, unit * 0.05, [0.55, 0.6, 1], 0.07 * wide)
      if (branches > 0 && random() < 0.16) run(x, y, y + unit * between(random, 0.06, 0.16), wide * 0.5, 0)
      x += dx
      y += dy
    }
  }
  glow(canvas, from, horizon * 0.2, unit * 0.55, [0.5, 0.55, 0.8], 0.5)
  run(from, horizon * 0.12, horizon, unit * 0.0045, 1)
}

export function paintRain({ canvas, scene }: View): void {
  const random = makeRandom(scene.hash, 92)
  const { w, h, unit } = canvas
  const slant = scene.side * between(random, 0.12, 0.3)
  const color = mix(scene.palette.cloudLit, [1, 1, 1], 0.2)
  for (let k = 0; k < (w / unit) * 260; k++) {
    const near = random()
    const long = unit * (0.02 + 0.06 * near)
    const tone = between(random, 0.06, 0.2)
    const [x, y] = [random() * w * 1.2 - w * 0.1, random() * h]
    addLine(canvas, x, y, long * slant, long, color, tone)
  }
}

function addLine(
  { w, h, px }: Canvas,
  x: number,
  y: number,
  dx: number,
  dy: number,
  color: Rgb,
  alpha: number,
): void {
  const steps = Math.max(1, Math.ceil(dy))
  for (let s = 0; s < steps; s++) {
    const t = s / steps
    const at = x + dx * t
    const row = Math.floor(y + dy * t)
    const column = Math.floor(at)
    for (const [col, part] of [
      [column, 1 - (at - column)],
      [column + 1, at - column],
    ] as const) {
      if (row < 0 || row >= h || col < 0 || col >= w) continue
      const i = (row * w + col) * 3
      const k = alpha * part * Math.sin(Math.PI * t)
      for (let n = 0; n < 3; n++) px[i + n] = px[i + n]! + (color[n]! - px[i + n]!) * k
    }
  }
}

export function paintSnowfall({ canvas, scene }: View): void {
  const random = makeRandom(scene.hash, 93)
  const { w, h, unit } = canvas
  const color = mix(scene.palette.cloudLit, [1, 1, 1], scene.time === 'night' ? 0.35 : 0.8)
  for (let k = 0; k < (w / unit) * (scene.time === 'night' ? 170 : 240); k++) {
    const near = random() ** 3
    const r = unit * (0.0035 + 0.013 * near)
    glow(
      canvas,
      random() * w,
      random() * h,
      Math.max(1.4, r),
      color,
      (near > 0.5 ? 0.28 : 0.55) * (scene.time === 'night' ? 0.6 : 1),
    )
  }
}

const BOW: readonly string[] = ['c02020', 'e06a1c', 'e8d02a', '2fae4a', '2a6ad8', '6a3ac0']

export function paintRainbow({ canvas, scene, horizon }: View): void {
  const { w, unit, px } = canvas
  const [cx, cy] = [w * (0.5 + scene.side * 0.12), horizon + unit * 0.12]
  const colors = BOW.map(hex)
  for (let y = 0; y < Math.min(canvas.h, horizon); y++) {
    for (let x = 0; x < w; x++) {
      const t = (unit * 0.62 - Math.hypot(x - cx, y - cy)) / (unit * 0.055)
      if (t <= -0.2 || t >= 1.2) continue
      const at = clamp(t) * (colors.length - 1.001)
      const k =
        0.3 *
        smoothstep(-0.2, 0.25, t) *
        smoothstep(1.2, 0.75, t) *
        smoothstep(0, 0.25, (horizon - y) / unit + 0.08)
      const [a, b] = [colors[Math.floor(at)]!, colors[Math.floor(at) + 1]!]
      const i = (y * w + x) * 3
      for (let n = 0; n < 3; n++)
        px[i + n] = px[i + n]! * (1 - k * 0.25) + (a[n]! + (b[n]! - a[n]!) * (at % 1)) * k
    }
  }
}

/** A banded planet with a ring, high in the sky. */
export function paintPlanet({ canvas, scene, horizon }: View): void {
  const random = makeRandom(scene.hash, 94)
  const noise = makeNoise(scene.hash, 95)
  const { unit, w, h } = canvas
  const r = unit * between(random, 0.13, 0.2)
  const [cx, cy] = [
    w * (0.5 + scene.side * between(random, 0.12, 0.25)),
    horizon * between(random, 0.34, 0.46),
  ]
  const [cos, sin] = [Math.cos(scene.side * 0.4), Math.sin(scene.side * 0.4)]
  const [base, dark] = [
    mix(scene.palette.sun, scene.palette.sky[0], 0.5),
    mix(scene.palette.sky[1], scene.palette.sky[2], 0.4),
  ]
  glow(canvas, cx, cy, r * 2.1, base, 0.16)
  for (let y = Math.max(0, Math.floor(cy - r * 2.4)); y < Math.min(h, horizon, cy + r * 2.4); y++) {
    for (let x = Math.max(0, Math.floor(cx - r * 2.4)); x < Math.min(w, cx + r * 2.4); x++) {
      const [dx, dy] = [(x + 0.5 - cx) / r, (y + 0.5 - cy) / r]
      const [u, v] = [dx * cos + dy * sin, dy * cos - dx * sin]
      const d = Math.hypot(dx, dy)
      const body = clamp((1 - d) * r + 0.5)
      const z = Math.sqrt(Math.max(0, 1 - d * d))
      const ring = Math.hypot(u, v * 4.2)
      const onRing =
        clamp((ring - 1.32) * r * 0.4) * clamp((2.25 - ring) * r * 0.4) * (v > 0 || d > 1 ? 1 : 0)
      const i = (y * w + x) * 3
      const light = smoothstep(-0.25, 0.9, -dx * 0.7 * scene.side - dy * 0.35 + z * 0.4) * 1.05 + 0.02
      const band = 0.5 + 0.5 * noise.fbm(u * 0.7 + noise.at(u * 2, v * 5) * 0.25, v * 4.5, 4)
      const gap = 0.45 + 0.55 * noise.at(ring * 9, 3.3)
      for (let n = 0; n < 3; n++) {
        const color = (dark[n]! + (base[n]! - dark[n]!) * band) * light
        canvas.px[i + n] = canvas.px[i + n]! + (color - canvas.px[i + n]!) * body
        const k = onRing * clamp(gap, 0.1, 0.9)
        canvas.px[i + n] = canvas.px[i + n]! + (scale(base, 0.85)[n]! - canvas.px[i + n]!) * k
      }
    }
  }
}
