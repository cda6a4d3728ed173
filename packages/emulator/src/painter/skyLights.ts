import { clamp, hex, mix, smoothstep } from './color.ts'
import { makeNoise } from './noise.ts'
import { between, makeRandom } from './random.ts'
import type { View } from './view.ts'

/** Adds light to a pixel of the sky. */
export type Light = (x: number, y: number, out: Float32Array) => void

/** Curtains of northern light. */
export function auroraLight({ canvas, scene, noise, horizon }: View): Light {
  const random = makeRandom(scene.hash, 12)
  const low = scene.palette.sky[1]
  const green = mix([0.1, 0.9, 0.42], low, 0.15)
  const top = mix([0.5, 0.12, 0.75], low, 0.3)
  const curtains = [0, 1, 2, 3].map((i) => {
    const [phase, base, tall] = [
      random() * 90,
      0.36 + 0.15 * i + between(random, -0.06, 0.06),
      between(random, 0.36, 0.62) - i * 0.07,
    ]
    const columns = new Float32Array(canvas.w * 3)
    for (let x = 0; x < canvas.w; x++) {
      const u = x / canvas.unit
      const fold = u + 0.22 * noise.at(u * 1.9 + phase, i * 7.1)
      const bright = smoothstep(-0.5, 0.7, noise.fbm(fold * 1.3 + phase, i * 3.3, 2))
      const rays = 0.62 + 0.38 * noise.fbm(fold * 17 + phase, i + 0.4, 3)
      columns[x * 3] = horizon * (base + (0.5 - 0.08 * i) * noise.fbm(u * 1.15 + phase, 5.5 + i, 2))
      columns[x * 3 + 1] = canvas.unit * tall * (0.45 + 0.55 * rays) * (0.5 + 0.5 * bright)
      columns[x * 3 + 2] = bright ** 1.5 * rays * (i === 0 ? 1.5 : 0.85)
    }
    return columns
  })
  return (x, y, out) => {
    for (const columns of curtains) {
      const d = columns[x * 3]! - y
      const tall = columns[x * 3 + 1]!
      if (d < -tall * 0.12) continue
      const k = columns[x * 3 + 2]! * (d < 0 ? smoothstep(-tall * 0.12, 0, d) : Math.exp((-d / tall) * 2.6))
      const t = clamp((d / tall) * 1.4)
      for (let i = 0; i < 3; i++) out[i] = out[i]! + (green[i]! + (top[i]! - green[i]!) * t) * k
    }
  }
}

/** The band of the Milky Way with its dust, in a veil of nebulae. */
export function galaxyLight({ canvas, scene, horizon }: View): Light {
  const random = makeRandom(scene.hash, 13)
  const noise = makeNoise(scene.hash, 14)
  const angle = scene.side * between(random, 0.45, 1.05)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [cx, cy] = [canvas.w * between(random, 0.4, 0.6), horizon * between(random, 0.4, 0.6)]
  const core = mix(hex('ffd2a0'), scene.palette.sky[0], 0.25)
  const veil = mix(hex('b04fc0'), scene.palette.sky[0], 0.4)
  const edge = mix(hex('3f7fd8'), scene.palette.sky[1], 0.4)
  return (x, y, out) => {
    const dx = (x - cx) / canvas.unit
    const dy = (y - cy) / canvas.unit
    const along = dx * cos + dy * sin
    const across = dy * cos - dx * sin
    const warp = noise.fbm(dx * 2.2, dy * 2.2, 3)
    const cloud = noise.fbm(dx * 3.4 + warp * 1.2, dy * 3.4 - warp * 0.9 + 9, 5)
    const d = across + warp * 0.09
    const band = Math.exp((-d * d) / 0.026)
    const heart = Math.exp((-d * d) / 0.007 - along * along * 2.2)
    const dust =
      1 -
      0.85 *
        smoothstep(0.02, 0.5, noise.ridged(along * 2.4 + 3, d * 6 + warp * 0.8, 4) - Math.abs(d) * 2.4 - 0.1)
    const k = band * Math.max(0, 0.42 + cloud * 0.95) * dust
    const outer = Math.max(0, cloud + 0.22) * 0.3
    const warm = heart * (0.75 + cloud * 0.6) * dust
    const pink = k * smoothstep(-0.2, 0.5, warp)
    for (let i = 0; i < 3; i++) {
      out[i] =
        out[i]! +
        edge[i]! * (k * 0.75 + outer * 0.4) +
        veil[i]! * (pink * 0.8 + outer * 0.25) +
        core[i]! * warm * 0.9
    }
  }
}
