import { disc, stroke } from './canvas.ts'
import type { Rgb } from './color.ts'
import { hex, mix } from './color.ts'
import { litColor } from './figures.ts'
import { between, makeRandom, pick } from './random.ts'
import type { View } from './view.ts'

/** Blades of grass (or reeds) along the lower edge, higher at the sides. */
export function paintGrass(view: View, tall: number, color: Rgb, stream: number): void {
  const { canvas, scene } = view
  const random = makeRandom(scene.hash, stream)
  const { w, h, unit } = canvas
  const wind = between(random, -0.5, 0.5)
  const count = Math.round((w / unit) * 190)
  for (let k = 0; k < count; k++) {
    const x = random() * w
    const edge = Math.abs(x / w - 0.5) * 2
    const high = tall * unit * (0.25 + 0.85 * edge ** 1.6) * between(random, 0.4, 1)
    const lean = high * (wind * 0.4 + between(random, -0.3, 0.3))
    const y = h + unit * 0.02
    const tone = mix(color, scene.palette.haze, 0.16 * random())
    stroke(canvas, [x, y, lean, -high], [unit * 0.007, unit * 0.0012], tone, wind * 0.35)
  }
}

/** Cat-tails of a shore. */
export function paintReeds(view: View, side: number, ink: Rgb): void {
  const { canvas, scene } = view
  const random = makeRandom(scene.hash, 82)
  const { w, h, unit } = canvas
  for (let k = 0; k < 26; k++) {
    const x = w / 2 + side * w * (0.5 - 0.2 * random() ** 1.6)
    const high = unit * between(random, 0.1, 0.3)
    const lean = unit * between(random, -0.03, 0.03)
    stroke(canvas, [x, h + 2, lean, -high], [unit * 0.005, unit * 0.002], ink, 0.08)
    if (random() < 0.4) {
      const [tx, ty] = [x + lean, h + 2 - high]
      stroke(canvas, [tx, ty + unit * 0.01, lean * 0.1, -unit * 0.04], [unit * 0.011, unit * 0.009], ink)
    }
  }
}

export function paintFlowers(view: View, from: number): void {
  const { canvas, scene } = view
  const random = makeRandom(scene.hash, 83)
  const { w, h, unit } = canvas
  const colors = ['f4b8cc', 'fff4f8', 'e05a78', 'f2c94c', 'b08ae0'].map(hex)
  const flowers = Array.from({ length: 420 }, () => ({ x: random() * w, t: random() ** 1.3 }))
  flowers.sort((a, b) => a.t - b.t)
  for (const { x, t } of flowers) {
    const y = from + (h - from) * t
    const r = unit * (0.0018 + 0.0065 * t)
    stroke(canvas, [x, y, 0, r * 4], [r * 0.5, r * 0.3], litColor(scene, hex('4c7838'), 0.6))
    disc(canvas, x, y, r, litColor(scene, pick(random, colors), between(random, 0.85, 1.35)), 0.95)
  }
}

export function paintCactus(view: View, x: number, y: number, size: number): void {
  const color = mix(view.scene.palette.ink, litColor(view.scene, hex('4f7048'), 0.7), 0.3)
  const { canvas } = view
  const wide = size * 0.13
  const arm = (side: number, low: number, high: number): void => {
    const ax = x + side * size * 0.24
    stroke(canvas, [x, y - size * low, ax - x, -size * 0.02], [wide * 0.72, wide * 0.72], color)
    disc(canvas, ax, y - size * (low + 0.02), wide * 0.36, color)
    stroke(canvas, [ax, y - size * low, 0, -size * (high - low)], [wide * 0.72, wide * 0.66], color)
    disc(canvas, ax, y - size * high, wide * 0.33, color)
  }
  stroke(canvas, [x, y + size * 0.04, 0, -size * 0.98], [wide, wide * 0.9], color)
  disc(canvas, x, y - size * 0.94, wide * 0.45, color)
  arm(-1, 0.36, 0.7)
  arm(1, 0.5, 0.8)
}
