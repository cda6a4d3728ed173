import { fill, glow, stroke } from './canvas.ts'
import type { Rgb } from './color.ts'
import { hex, mix, multiply, scale } from './color.ts'
import { between, makeRandom, pick } from './random.ts'
import type { View } from './view.ts'

const LAYERS = 3
const SIGNS: readonly string[] = ['ff2e88', '22d3ee', 'a855f7', 'ffb020', '34f5a0', 'ff5040']

interface Building {
  x: number
  wide: number
  tall: number
  dusk: number
}

/** A skyline in three layers on the horizon, with lit windows after dark. */
export function* paintCity(view: View): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { palette, time } = scene
  const { unit, w } = canvas
  const random = makeRandom(scene.hash, 71)
  const neon = scene.tags.has('neon')
  const litPart = { dawn: 0.25, day: 0, dusk: 0.42, night: 0.46, storm: 0.4 }[time]
  const middle = between(random, 0.3, 0.7) * w
  for (let layer = 0; layer < LAYERS; layer++) {
    const depth = layer / (LAYERS - 1)
    const veil = 0.68 - 0.6 * depth
    const tone = mix(hex('4a4e5e'), hex('6e5a58'), random())
    const body = mix(scale(multiply(tone, palette.ambient), 0.9), palette.ink, time === 'day' ? 0.1 : 0.55)
    const wall = mix(body, palette.haze, veil)
    let x = -unit * 0.05 * random()
    while (x < w) {
      const wide = unit * between(random, 0.035, 0.085) * (0.75 + depth * 0.35)
      const core = Math.exp(-(((x - middle) / (w * 0.27)) ** 2))
      const grow = (0.1 + 0.3 * core * (1.15 - 0.6 * depth)) * (0.4 + random() ** 1.4)
      paintBuilding(view, { x, wide, tall: unit * (0.04 + grow), dusk: random() }, wall, {
        veil,
        litPart,
        neon,
        random,
      })
      x += wide * between(random, 0.75, 1.25)
    }
    yield (layer + 1) / LAYERS
  }
  // Light of the streets along the shore.
  if (litPart > 0) {
    for (let x = 0; x < w; x += unit * between(random, 0.015, 0.05)) {
      const color = neon ? hex(pick(random, SIGNS)) : hex('ffc06a')
      glow(canvas, x, horizon - unit * 0.006, unit * 0.022, color, 0.7)
    }
  }
}

function paintBuilding(
  { canvas, horizon, sunX }: View,
  { x, wide, tall, dusk }: Building,
  wall: Rgb,
  { veil, litPart, neon, random }: { veil: number; litPart: number; neon: boolean; random: () => number },
): void {
  const { unit } = canvas
  const top = horizon - tall
  const [cellW, cellH] = [unit * between(random, 0.009, 0.014), unit * between(random, 0.012, 0.018)]
  const glass = random() < 0.3 ? 0.75 : 0.5
  const seed = Math.floor(random() * 1e9)
  const side = Math.sign(sunX - x - wide / 2) || 1
  const clear = (1 - veil) * 1.25
  const warm = [hex('ffd08a'), hex('ffe6bc'), hex('f2f4ff'), neon ? hex(pick(random, SIGNS)) : hex('ffb45e')]
  const setback = random()
  const outline = [x, horizon + 1, x, top, x + wide, top, x + wide, horizon + 1]
  if (setback < 0.3) {
    const inset = wide * 0.2
    const lift = Math.min(tall * 0.2, wide * 0.9)
    fill(
      canvas,
      [x + inset, top + 1, x + inset, top - lift, x + wide - inset, top - lift, x + wide - inset, top + 1],
      scale(wall, 1.06),
    )
    if (setback < 0.14)
      stroke(canvas, [x + wide / 2, top - lift, 0, -wide * 0.9], [unit * 0.005, unit * 0.001], wall)
  } else if (setback < 0.38) {
    fill(canvas, [x, top + 1, x + wide * (side > 0 ? 1 : 0), top - wide * 0.45, x + wide, top + 1], wall)
  }
  fill(canvas, outline, (px, py) => {
    const u = (px + 0.5 - x) / wide
    const shine = 0.9 + 0.22 * (side > 0 ? u : 1 - u) + 0.12 * ((horizon - py) / tall)
    const cx = Math.floor((px - x) / cellW)
    const cy = Math.floor((py - top) / cellH)
    const fx = (px - x) / cellW - cx
    const fy = (py - top) / cellH - cy
    if (fx < 0.22 || fx > 0.22 + glass || fy < 0.25 || fy > 0.75 || cy === 0 || u > 0.96)
      return scale(wall, shine)
    let bits = Math.imul(seed ^ Math.imul(cx + 1, 0x9e3779b1) ^ Math.imul(cy + 7, 0x85ebca6b), 0xc2b2ae35)
    bits = (bits ^ (bits >>> 13)) >>> 0
    const chance = (bits % 1000) / 1000
    if (chance > litPart * (0.5 + dusk))
      return scale(wall, litPart > 0 ? shine * 0.82 : shine * (0.8 + 0.5 * ((bits >>> 12) % 2)))
    const color = warm[(bits >>> 20) % 4]!
    return mixFast(wall, color, Math.min(1, clear * (0.45 + 0.55 * (((bits >>> 10) % 100) / 100))))
  })
  if (!neon || random() < 0.35) return
  const color = hex(pick(random, SIGNS))
  const sx = x + wide * between(random, 0.1, 0.8)
  const sy = top + tall * between(random, 0.05, 0.4)
  const high = Math.min(tall * 0.5, unit * between(random, 0.04, 0.12))
  const bar = unit * between(random, 0.004, 0.009)
  fill(canvas, [sx, sy, sx, sy + high, sx + bar, sy + high, sx + bar, sy], scale(color, 1.5 * clear), 0.95)
  glow(canvas, sx + bar / 2, sy + high / 2, high * 1.1, color, 0.4 * clear)
  if (random() < 0.4)
    stroke(canvas, [x, top, wide, 0], [unit * 0.004, unit * 0.004], scale(color, 1.2 * clear))
}

function mixFast(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}
