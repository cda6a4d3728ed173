import { type Canvas, disc, fill, glow, smooth, stroke } from '../canvas.ts'
import { clamp, hex, mix, multiply, type Rgb, scale } from '../color.ts'
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

export type Animal = 'fox' | 'cat' | 'dog'

const COATS: Readonly<Record<Animal, readonly [coat: string, light: string, dark: string]>> = {
  fox: ['d9622b', 'f6ecdd', '2c2024'],
  cat: ['5a5560', 'cfc6c0', '26222a'],
  dog: ['8b8f99', 'eceae6', '34343c'],
}

/** An animal sitting in profile, its head turned to us. */
export function paintAnimal(c: Canvas, scene: Scene, kind: Animal, at: Place): void {
  const [coatHex, lightHex, darkHex] = COATS[kind]
  const own = scene.things.get(kind)
  const coatColor = own
    ? mix(own, hex(kind === 'fox' ? coatHex : '7a706c'), kind === 'fox' ? 0.45 : 0.25)
    : hex(coatHex)
  const gain = scene.time === 'night' ? 2.2 : 1.25
  const coat = litColor(scene, coatColor, gain)
  const light = litColor(scene, hex(lightHex), gain * 0.95)
  const dark = litColor(scene, hex(darkHex), gain)
  const sun = (Math.sign(scene.sunX * c.w - at.x) || 1) * at.face
  const shape = (points: readonly number[], color: Rgb, soft = true): void => {
    fill(c, placed(at, soft ? smooth(points, 5) : points), (x, y) => {
      const u = ((x - at.x) / at.size) * at.face
      const v = (at.y - y) / at.size
      const fur = 0.04 * Math.sin(u * 90 + v * 55) * Math.sin(v * 70 - u * 20)
      return scale(color, 0.86 + 0.5 * u * sun + 0.22 * v + fur)
    })
  }
  // Shadow on the ground.
  fill(c, placed(at, smooth([-0.5, 0.0, 0, 0.035, 0.42, 0, 0, -0.04], 5)), scene.palette.ink, 0.32)
  // Tail.
  if (kind === 'cat') {
    const tail = [
      -0.2, 0.06, -0.4, 0.04, -0.52, 0.16, -0.5, 0.34, -0.42, 0.37, -0.43, 0.22, -0.36, 0.13, -0.2, 0.16,
    ]
    shape(tail, scale(coat, 0.85))
  } else {
    const tail = [
      -0.16, 0.02, -0.4, -0.02, -0.62, 0.1, -0.74, 0.3, -0.66, 0.29, -0.55, 0.3, -0.42, 0.24, -0.2, 0.2,
    ]
    shape(tail, scale(coat, 0.82))
    shape([-0.56, 0.13, -0.66, 0.16, -0.745, 0.31, -0.66, 0.29, -0.56, 0.3, -0.6, 0.22], light)
  }
  // Haunch, back, chest.
  shape(
    [
      -0.3, 0, -0.34, 0.16, -0.25, 0.36, -0.1, 0.52, 0, 0.66, 0.2, 0.64, 0.22, 0.42, 0.2, 0.2, 0.2, 0.02,
      0.02, 0,
    ],
    coat,
  )
  shape([0.1, 0.6, 0.22, 0.58, 0.235, 0.42, 0.2, 0.28, 0.15, 0.24, 0.1, 0.36, 0.07, 0.5], light)
  // Front legs, then the thigh over them.
  const socks = kind === 'cat' ? coat : dark
  shape([0.08, 0.34, 0.1, 0.12, 0.09, 0.02, 0.18, 0, 0.2, 0.03, 0.18, 0.18, 0.2, 0.34], scale(coat, 0.9))
  shape([0.1, 0.14, 0.09, 0.02, 0.1, 0, 0.2, 0, 0.21, 0.035, 0.175, 0.05, 0.17, 0.14], socks)
  shape(
    [-0.3, 0.02, -0.3, 0.2, -0.18, 0.32, -0.04, 0.24, -0.02, 0.08, 0.06, 0.03, 0.06, -0.005, -0.2, -0.01],
    scale(coat, 1.04),
  )
  // Ears behind the head.
  const tall = kind === 'fox' ? 1.02 : 0.97
  shape([-0.015, 0.78, -0.03, tall, 0.1, 0.88], coat, false)
  shape([0.16, 0.88, 0.265, tall, 0.275, 0.78], coat, false)
  shape([0.0, 0.82, -0.018, tall - 0.035, 0.07, 0.87], dark, false)
  shape([0.19, 0.87, 0.255, tall - 0.035, 0.262, 0.82], dark, false)
  // Head: broad cheeks, a narrow muzzle.
  if (kind === 'cat') {
    shape(
      [0.13, 0.9, 0.23, 0.88, 0.285, 0.78, 0.25, 0.67, 0.13, 0.62, 0.01, 0.67, -0.025, 0.78, 0.03, 0.88],
      coat,
    )
    shape([0.13, 0.72, 0.19, 0.7, 0.18, 0.645, 0.13, 0.628, 0.08, 0.645, 0.07, 0.7], light)
  } else {
    shape(
      [
        0.13, 0.91, 0.23, 0.88, 0.28, 0.78, 0.335, 0.7, 0.22, 0.64, 0.135, 0.555, 0.05, 0.64, -0.075, 0.7,
        -0.02, 0.78, 0.03, 0.88,
      ],
      coat,
    )
    shape([0.33, 0.702, 0.22, 0.643, 0.135, 0.56, 0.145, 0.66, 0.2, 0.72], light)
    shape([-0.07, 0.702, 0.05, 0.643, 0.135, 0.56, 0.125, 0.66, 0.07, 0.72], light)
  }
  const r = at.size * 0.017
  const spot = (x: number, y: number, size: number, color: Rgb): void =>
    disc(c, at.x + x * at.size * at.face, at.y - y * at.size, size, color)
  const noseY = kind === 'cat' ? 0.7 : 0.58
  for (const x of [0.062, 0.203]) {
    if (kind === 'cat') spot(x, 0.765, r * 1.5, litColor(scene, hex('d8c84a'), gain * 1.3))
    spot(x, 0.765, r, hex('0c0a0c'))
    spot(x + 0.005, 0.771, r * 0.35, [0.9, 0.9, 0.9])
  }
  spot(0.134, noseY, r * (kind === 'cat' ? 0.9 : 1.35), hex('141014'))
}

/** A small traveller seen from behind, in a coat. */
export function paintPerson(c: Canvas, scene: Scene, at: Place): void {
  const coat = mix(litColor(scene, scene.things.get('person') ?? hex('a8323c'), 0.9), scene.palette.ink, 0.25)
  const ink = scene.palette.ink
  fill(c, placed(at, smooth([-0.3, 0, 0, 0.02, 0.3, 0, 0, -0.03], 4)), ink, 0.35)
  for (const x of [-0.06, 0.05])
    stroke(
      c,
      [at.x + x * at.size, at.y - at.size * 0.36, 0, at.size * 0.36],
      [at.size * 0.085, at.size * 0.065],
      ink,
    )
  const body = [
    -0.07, 0.84, -0.14, 0.78, -0.15, 0.55, -0.19, 0.26, 0, 0.23, 0.2, 0.27, 0.15, 0.55, 0.14, 0.78, 0.07,
    0.84,
  ]
  fill(c, placed(at, smooth(body, 4)), (x) =>
    scale(coat, 0.85 + (0.9 * Math.sign(scene.sunX * c.w - at.x) * (x - at.x)) / at.size),
  )
  fill(
    c,
    placed(at, smooth([-0.09, 0.82, 0, 0.86, 0.1, 0.82, 0.2, 0.68, 0.09, 0.74, -0.06, 0.77], 3)),
    scale(coat, 1.35),
  )
  disc(c, at.x, at.y - at.size * 0.9, at.size * 0.072, mix(ink, litColor(scene, hex('6b4a38')), 0.5))
  if (scene.time === 'night') {
    const [x, y] = [at.x + at.size * 0.26 * at.face, at.y - at.size * 0.4]
    disc(c, x, y, at.size * 0.03, hex('ffe6a8'))
    glow(c, x, y, at.size * 0.75, hex('ffa840'), 0.1)
  }
}
