import type { Canvas } from './canvas.ts'
import { fill, glow, stroke } from './canvas.ts'
import type { Rgb } from './color.ts'
import { clamp, hex, mix, scale } from './color.ts'
import type { Place } from './figures.ts'
import { litColor, paintHouse, placed } from './figures.ts'
import { makeRandom, pick } from './random.ts'
import type { Scene } from './scene.ts'

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
    box(0, 0, 0, dark)
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
