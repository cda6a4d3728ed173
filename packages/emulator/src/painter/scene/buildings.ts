import { type Canvas, fill, glow, stroke } from '../canvas.ts'
import { clamp, hex, mix, multiply, type Rgb, scale } from '../color.ts'
import { between, makeRandom, pick } from '../random.ts'
import { litColor, type Place, paintHouse, placed } from './figures.ts'
import type { Scene, View } from './scene.ts'

/** A banded lighthouse with its keeper's house; returns where its lamp is. */
export function paintLighthouse(c: Canvas, scene: Scene, at: Place): { x: number; y: number } {
  const { x, y, size, face } = at
  const white = hex('f4f0e8')
  const random = makeRandom(scene.hash, 111)
  const band =
    scene.things.get('lighthouse') ?? hex(pick(random, ['c23a30', 'c23a30', 'b5302c', '24406e', '2a2c34']))
  const bandTall = pick(random, [0.13, 0.13, 0.1, 0.2])
  const sunSide = Math.sign(scene.sunX * c.w - x) || 1
  const wide = (t: number): number => size * (0.088 - 0.036 * t)
  const body = [
    x - wide(0),
    y,
    x - wide(0.78),
    y - size * 0.78,
    x + wide(0.78),
    y - size * 0.78,
    x + wide(0),
    y,
  ]
  fill(c, body, (px, py) => {
    const t = (y - py) / size
    const u = (px + 0.5 - x) / wide(t)
    const round = Math.sqrt(Math.max(0, 1 - u * u))
    const shine = 0.34 + 0.34 * round + 0.75 * clamp(u * sunSide) ** 1.6
    // The bands sag a little at the middle: it is a cylinder seen from below.
    const stripe = Math.floor((t + round * 0.012) / bandTall) % 2 === 1
    return litColor(scene, stripe ? band : white, shine)
  })
  const dark = mix(litColor(scene, hex('2a2c34'), 0.8), scene.palette.ink, 0.5)
  const lampY = y - size * 0.865
  const box = (w: number, low: number, high: number, color: Rgb): void =>
    fill(c, placed(at, [-w, low, -w, high, w, high, w, low]), color)
  for (const [i, t] of [0.2, 0.44, 0.66].entries()) {
    const off = (i % 2 === 0 ? -0.016 : 0.014) * face
    const win: Place = { x: x + off * size, y: y - size * t, size, face }
    const pane = scene.time === 'day' ? dark : scale(hex('ffcf7a'), 0.9)
    fill(c, placed(win, [-0.008, 0, -0.008, 0.026, 0, 0.034, 0.008, 0.026, 0.008, 0]), pane)
  }
  box(0.072, 0.775, 0.8, dark)
  fill(c, placed(at, [-0.072, 0.8, -0.05, 0.755, 0.05, 0.755, 0.072, 0.8]), dark)
  for (let k = -4; k <= 4; k++) {
    stroke(c, [x + k * 0.0165 * size, y - 0.8 * size, 0, -0.035 * size], [size * 0.004, size * 0.004], dark)
  }
  box(0.07, 0.832, 0.838, dark)
  box(0.037, 0.8, 0.92, scale(hex('ffe2a0'), scene.time === 'day' ? 0.75 : 1.5))
  for (const k of [-0.037, -0.012, 0.012, 0.037]) {
    stroke(c, [x + k * size, y - 0.8 * size, 0, -0.12 * size], [size * 0.006, size * 0.006], dark)
  }
  const dome = [-0.05, 0.915, -0.046, 0.935, -0.028, 0.965, 0, 0.982, 0.028, 0.965, 0.046, 0.935, 0.05, 0.915]
  fill(c, placed(at, dome), mix(dark, litColor(scene, band, 0.6), 0.45))
  stroke(c, [x, y - 0.975 * size, 0, -0.045 * size], [size * 0.01, size * 0.003], dark)
  // The keeper's house at its foot.
  const home: Place = { x: x - face * size * 0.17, y: y + size * 0.012, size: size * 0.2, face }
  paintHouse(c, scene, home)
  return { x, y: lampY }
}

/** Two cones of light from a lamp, and the glow around it. */
export function paintBeam(c: Canvas, scene: Scene, lamp: { x: number; y: number }, tilt: number): void {
  const power = { dawn: 0.34, day: 0.1, dusk: 0.62, night: 0.62, storm: 0.6 }[scene.time]
  const color = hex('ffe4ac')
  const { px, w, h, unit } = c
  const aim = scene.side * -1
  const bottom = Math.min(h, Math.ceil(scene.horizon * h))
  for (let x = 0; x < w; x++) {
    const dx = (x + 0.5 - lamp.x) / unit
    const along = Math.abs(dx)
    const forward = dx * aim > 0
    const middle = lamp.y + tilt * along * (forward ? 1 : -1) * 0.9 * unit
    const width = (0.006 + along * 0.085) * unit
    const strength = (power * (forward ? 1 : 0.5) * Math.min(1, along * 60)) / (0.9 + along * 2.4)
    const end = Math.min(bottom, middle + width * 2.4)
    for (let y = Math.max(0, Math.floor(middle - width * 2.4)); y < end; y++) {
      const t = (y + 0.5 - middle) / width
      const k = Math.exp(-t * t * 1.4) * strength
      const i = (y * w + x) * 3
      for (let n = 0; n < 3; n++)
        px[i + n] = px[i + n]! + color[n]! * k * (1.15 - Math.min(1, px[i + n]!) * 0.6)
    }
  }
  glow(c, lamp.x, lamp.y, unit * 0.2, color, power * 0.36)
  glow(c, lamp.x, lamp.y, unit * 0.03, hex('fff2cc'), power * 1.1)
}

export function paintCastle(view: View, at: Place): void {
  const { canvas, scene } = view
  const stone = mix(
    mix(litColor(scene, hex('8a8590'), 0.7), scene.palette.ink, 0.35),
    scene.palette.haze,
    0.2,
  )
  const towers: [number, number, number][] = [
    [-0.5, 0.16, 0.62],
    [-0.22, 0.13, 0.86],
    [0.06, 0.2, 0.7],
    [0.3, 0.11, 1],
    [0.52, 0.15, 0.56],
  ]
  fill(canvas, placed(at, [-0.6, -0.25, -0.6, 0.36, 0.62, 0.36, 0.62, -0.25]), stone)
  for (const [x, wide, tall] of towers) {
    const h = wide / 2
    fill(canvas, placed(at, [x - h, 0, x - h, tall * 0.72, x + h, tall * 0.72, x + h, 0]), stone)
    fill(
      canvas,
      placed(at, [x - h * 1.35, tall * 0.71, x, tall * 0.71 + wide * 1.7, x + h * 1.35, tall * 0.71]),
      mix(stone, scene.palette.ink, 0.5),
    )
    if (scene.time === 'day') continue
    const [wx, wy] = [at.x + x * at.size * at.face, at.y - tall * 0.5 * at.size]
    fill(
      canvas,
      placed({ ...at, x: wx, y: wy }, [-0.013, 0, -0.013, 0.06, 0.013, 0.06, 0.013, 0]),
      hex('ffd080'),
    )
    glow(canvas, wx, wy, at.size * 0.13, hex('ffb050'), 0.3)
  }
}

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
