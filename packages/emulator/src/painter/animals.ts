import type { Canvas } from './canvas.ts'
import { disc, fill, glow, smooth, stroke } from './canvas.ts'
import type { Rgb } from './color.ts'
import { hex, mix, scale } from './color.ts'
import type { Place } from './figures.ts'
import { litColor, placed } from './figures.ts'
import type { Scene } from './scene.ts'

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
  fill(c, placed(at, smooth([-0.5, 0.0, 0, 0.035, 0.42, 0, 0, -0.04], 5)), scale(scene.palette.ink, 1), 0.32)
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
