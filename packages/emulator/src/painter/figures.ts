import type { Canvas } from './canvas.ts'
import { fill, glow, smooth, stroke } from './canvas.ts'
import type { Rgb } from './color.ts'
import { clamp, hex, mix, multiply, scale } from './color.ts'
import type { Scene } from './scene.ts'

/** Where a figure stands (its foot), its height in pixels, and which way it faces (-1 or 1). */
export interface Place {
  readonly x: number
  readonly y: number
  readonly size: number
  readonly face: number
}

/** The points of a figure drawn in a box of height 1 (y up, x from its middle), put in its place. */
export function placed({ x, y, size, face }: Place, points: readonly number[]): number[] {
  return points.map((p, i) => (i % 2 === 0 ? x + p * size * face : y - p * size))
}

/** A surface colour in the light of the scene. */
export function litColor(scene: Scene, color: Rgb, shine = 1): Rgb {
  const { ambient, key } = scene.palette
  const gain = scene.time === 'night' ? 1.5 : 1.15
  const light: Rgb = [
    ambient[0] * gain + key[0] * 0.55,
    ambient[1] * gain + key[1] * 0.55,
    ambient[2] * gain + key[2] * 0.55,
  ]
  return scale(multiply(color, light), shine)
}

export function paintHouse(c: Canvas, scene: Scene, at: Place): void {
  const wall = litColor(scene, scene.things.get('house') ?? hex('b9a48c'), 0.62)
  const roof = mix(
    litColor(scene, scene.season === 'snow' ? hex('f4f7fc') : hex('6a4038'), 0.85),
    scene.palette.ink,
    0.25,
  )
  fill(c, placed(at, [-0.62, 0, -0.62, 0.5, 0.62, 0.5, 0.62, 0]), wall)
  fill(c, placed(at, [0.18, 0, 0.18, 0.52, 0.4, 0.86, 0.64, 0.5, 0.64, 0]), scale(wall, 0.78))
  fill(c, placed(at, [-0.42, 0.6, -0.42, 1.08, -0.26, 1.08, -0.26, 0.6]), scale(wall, 0.6))
  fill(c, placed(at, [-0.72, 0.46, -0.5, 0.92, 0.42, 0.92, 0.12, 0.46]), roof)
  fill(
    c,
    placed(at, [0.34, 0.92, 0.42, 0.94, 0.74, 0.45, 0.66, 0.42, 0.4, 0.82, 0.16, 0.44, 0.1, 0.46]),
    scale(roof, 0.8),
  )
  const pane = scene.time === 'day' ? scene.palette.ink : scale(hex('ffc468'), 1.15)
  for (const x of [-0.44, -0.12, 0.33]) {
    fill(c, placed(at, [x, 0.16, x, 0.36, x + 0.16, 0.36, x + 0.16, 0.16]), pane)
  }
  if (scene.time !== 'day') glow(c, at.x, at.y - at.size * 0.25, at.size * 1.5, hex('ffb050'), 0.16)
}

export function paintBoat(c: Canvas, scene: Scene, at: Place): void {
  const { palette } = scene
  const sail = litColor(scene, scene.things.get('boat') ?? hex('fbf4e6'), 1.1)
  const hull = mix(palette.ink, litColor(scene, hex('6a3a2a')), 0.35)
  const mirror: Place = { ...at, size: at.size * 0.92 }
  const flip = (points: readonly number[]): number[] => points.map((p, i) => (i % 2 === 0 ? p : -p))
  const main = smooth([0.02, 0.2, 0.02, 0.98, 0.1, 0.8, 0.26, 0.5, 0.36, 0.2], 3)
  const jib = smooth([-0.03, 0.2, -0.03, 0.86, -0.14, 0.58, -0.32, 0.2], 3)
  const body = [-0.42, 0.14, -0.3, 0, 0.3, 0, 0.42, 0.13, 0.2, 0.115, -0.2, 0.115]
  for (const shape of [main, jib]) fill(c, placed(mirror, flip(shape)), scale(sail, 0.7), 0.28)
  fill(c, placed(mirror, flip(body)), hull, 0.6)
  fill(c, placed(at, main), (x) => scale(sail, 0.72 + 0.4 * clamp((x - at.x) / at.size / 0.36)))
  fill(c, placed(at, jib), (x) => scale(sail, 0.62 + 0.3 * clamp((at.x - x) / at.size / 0.3)))
  stroke(c, [at.x, at.y - at.size * 0.1, 0, -at.size * 0.92], [at.size * 0.016, at.size * 0.008], hull)
  fill(c, placed(at, body), hull)
  if (scene.time !== 'day')
    glow(c, at.x - at.face * at.size * 0.1, at.y - at.size * 0.17, at.size * 0.14, hex('ffc468'), 0.9)
}

export function paintBalloon(c: Canvas, scene: Scene, at: Place, color: Rgb): void {
  const other = mix(color, hex('fff2d8'), 0.75)
  const shape = smooth(
    [0, 1, 0.26, 0.93, 0.38, 0.7, 0.3, 0.46, 0.1, 0.24, -0.1, 0.24, -0.3, 0.46, -0.38, 0.7, -0.26, 0.93],
    5,
  )
  const sun = Math.sign(scene.sunX * c.w - at.x) || 1
  fill(c, placed(at, shape), (x, y) => {
    const v = (at.y - y) / at.size
    const half = Math.max(
      0.1,
      0.385 * Math.sqrt(Math.max(0.05, 1 - ((v - 0.66) / (v > 0.66 ? 0.36 : 0.52)) ** 2)),
    )
    const u = clamp((x + 0.5 - at.x) / at.size / half, -1, 1)
    const gore = Math.floor((Math.asin(u) / Math.PI + 0.5) * 8) % 2 === 0
    return litColor(scene, gore ? color : other, 0.72 + 0.45 * u * sun + 0.2 * (v - 0.5))
  })
  for (const k of [-0.08, 0.08]) {
    stroke(
      c,
      [at.x + k * at.size, at.y - 0.24 * at.size, -k * 0.35 * at.size, 0.15 * at.size],
      [1, 1],
      scene.palette.ink,
    )
  }
  fill(c, placed(at, [-0.06, 0.1, -0.05, 0, 0.05, 0, 0.06, 0.1]), mix(scene.palette.ink, hex('7a5230'), 0.5))
  if (scene.time !== 'day') glow(c, at.x, at.y - at.size * 0.3, at.size * 0.3, hex('ffb04a'), 0.6)
}

export function paintBirds(c: Canvas, scene: Scene, x: number, y: number, random: () => number): void {
  const ink = mix(scene.palette.ink, scene.palette.sky[2], 0.2)
  for (let i = 0; i < 9; i++) {
    const size = c.unit * (0.01 + 0.012 * random())
    const [bx, by] = [x + (random() - 0.5) * c.unit * 0.34, y + (random() - 0.5) * c.unit * 0.14]
    const lift = 0.35 + 0.5 * random()
    stroke(c, [bx, by, -size, -size * lift], [size * 0.2, size * 0.05], ink, 0.22)
    stroke(c, [bx, by, size, -size * (lift - 0.1)], [size * 0.2, size * 0.05], ink, -0.22)
  }
}
