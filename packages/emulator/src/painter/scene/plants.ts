import { disc, fill, stroke } from '../canvas.ts'
import { hex, mix, type Rgb } from '../color.ts'
import { between, makeRandom, pick } from '../random.ts'
import { litColor } from './figures.ts'
import { type Ridge, rowAt } from './ridges.ts'
import type { View } from './scene.ts'

const LEAVES: Readonly<Record<string, readonly string[]>> = {
  autumn: ['d9571e', 'e8892a', 'f0b43a', 'b83a24', 'c96a2c'],
  spring: ['f4b8cc', 'f9d5df', 'ee93b4', 'fbe6ea', 'e8a9c4'],
  none: ['5f8a3c', '7ba04a', '4c7838', '8cae55', '466b3a'],
}

/** A broad-leaved tree: trunk, boughs and a crown of many lit clumps of leaves. */
function paintTree(view: View, x: number, y: number, size: number, stream: number, depth: number): void {
  const { canvas, scene, sunX } = view
  const random = makeRandom(scene.hash, 1000 + stream)
  const bark = mix(
    mix(litColor(scene, hex('5a4436'), 0.6), scene.palette.ink, 0.35),
    scene.palette.haze,
    1 - depth,
  )
  const lean = between(random, -0.06, 0.06) * size
  const trunk = size * between(random, 0.07, 0.1)
  const [cx, cy] = [x + lean, y - size * 0.66]
  const flare = trunk * 0.9
  fill(
    canvas,
    [
      x - flare,
      y,
      x - trunk * 0.42,
      y - size * 0.12,
      cx - trunk * 0.2,
      cy,
      cx + trunk * 0.2,
      cy,
      x + trunk * 0.42,
      y - size * 0.12,
      x + flare,
      y,
    ],
    bark,
  )
  for (let k = 0; k < 5; k++) {
    const t = between(random, 0.35, 0.8)
    const [bx, by] = [x + lean * t, y - size * 0.66 * t]
    const dx = (k % 2 === 0 ? 1 : -1) * size * between(random, 0.08, 0.18)
    stroke(
      canvas,
      [bx, by, dx, -size * between(random, 0.14, 0.3)],
      [trunk * 0.3, trunk * 0.08],
      bark,
      0.15 * Math.sign(dx),
    )
  }
  const leaves = LEAVES[scene.season]!.map(hex)
  const [first, second] = [pick(random, leaves), pick(random, leaves)]
  const sun = Math.sign(sunX - x) || 1
  const lobes = Array.from({ length: 7 }, (_, k) => {
    const angle = (k / 6) * Math.PI * 2 + random()
    const out = k === 6 ? 0 : between(random, 0.13, 0.22)
    return {
      x: cx + Math.cos(angle) * out * size,
      y: cy - size * 0.04 + Math.sin(angle) * out * 0.85 * size,
      r: size * between(random, 0.13, 0.2),
    }
  })
  lobes.sort((a, b) => b.y - a.y)
  const clumps = Math.round(14 + 330 * Math.min(1, size / canvas.unit) ** 1.2)
  for (const lobe of lobes) {
    const high = (cy - lobe.y) / size
    for (let k = 0; k < clumps; k++) {
      const t = k / clumps
      const angle = random() * Math.PI * 2
      const r = Math.sqrt(random())
      const [ux, uy] = [Math.cos(angle) * r, Math.sin(angle) * r]
      // Later clumps are smaller, lie higher on the lobe and catch more light.
      const px = lobe.x + (ux + sun * 0.2 * t) * lobe.r * (1.05 - 0.2 * t)
      const py = lobe.y + (uy * 0.9 - 0.35 * t + 0.1) * lobe.r
      const light = 0.3 + 0.5 * t * (0.8 + 0.35 * ux * sun - 0.4 * uy) + 0.5 * high + 0.14 * (random() - 0.5)
      const color = litColor(
        scene,
        mix(mix(first, second, random()), pick(random, leaves), 0.25),
        Math.max(0.16, light) * 1.3,
      )
      const dab = size * between(random, 0.006, 0.013) * (2.9 - 2.1 * t) + 0.5
      disc(canvas, px, py, dab, mix(color, scene.palette.haze, (1 - depth) * 0.9), 0.92, 1.3)
    }
  }
}

/** Trees at both sides, small and far ones first. */
export function* paintGrove(view: View, last: Ridge | undefined): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { unit, w, h } = canvas
  const random = makeRandom(scene.hash, 107)
  const wood = scene.land === 'forest'
  const ground = (x: number): number => (last && !scene.water ? rowAt(last, x) : horizon)
  const count = wood ? 26 : scene.water ? 3 : 7
  for (let k = 0; k < count; k++) {
    const depth = 0.55 + 0.43 * (k / Math.max(1, count - 1))
    const spread = scene.water || k > count - 4 ? between(random, 0.3, 0.48) : between(random, 0.04, 0.5)
    const x = w * (0.5 + (k % 2 === 0 ? 1 : -1) * spread)
    const size = unit * (0.1 + (wood ? 0.5 : 0.42) * ((depth - 0.5) * 2) ** 2.4) * between(random, 0.8, 1.2)
    const y = scene.water
      ? h + unit * 0.02
      : Math.min(
          h + unit * 0.02,
          ground(x) + unit * 0.02 + (h - ground(x)) * ((depth - 0.55) / 0.43) ** 2 * 0.7,
        )
    paintTree(view, x, y, scene.water ? size * 1.2 : size, k, depth)
    yield (k + 1) / count
  }
}

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
