import { disc, fill, stroke } from './canvas.ts'
import { hex, mix } from './color.ts'
import { litColor } from './figures.ts'
import { between, makeRandom, pick } from './random.ts'
import type { View } from './view.ts'

const LEAVES: Readonly<Record<string, readonly string[]>> = {
  autumn: ['d9571e', 'e8892a', 'f0b43a', 'b83a24', 'c96a2c'],
  spring: ['f4b8cc', 'f9d5df', 'ee93b4', 'fbe6ea', 'e8a9c4'],
  none: ['5f8a3c', '7ba04a', '4c7838', '8cae55', '466b3a'],
  snow: ['eef3fa', 'dfe8f2', 'f8fbff', 'cfdbe8', 'e6eef8'],
}

/** A broad-leaved tree: trunk, boughs and a crown of many lit clumps of leaves. */
export function paintTree(
  view: View,
  x: number,
  y: number,
  size: number,
  stream: number,
  depth: number,
): void {
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
