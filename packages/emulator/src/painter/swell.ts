import { clamp, hex, mix, multiply, scale, smoothstep } from './color.ts'
import { makeNoise } from './noise.ts'
import type { View } from './view.ts'

const WAVES = 5

/** High waves of a storm, rolling towards us, with foam along their crests. */
export function* paintSwell(view: View): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { w, h, unit, px } = canvas
  const { palette } = scene
  const noise = makeNoise(scene.hash, 55)
  const foam = mix(scale(multiply(hex('eef4f4'), palette.ambient), 2.6), palette.cloudLit, 0.45)
  const glassy = mix(palette.water, palette.cloudLit, 0.42)
  const deep = mix(palette.water, palette.ink, 0.35)
  for (let k = 0; k < WAVES; k++) {
    const near = (k + 1) / WAVES
    const base = horizon + (h - horizon) * (0.1 + 0.86 * near ** 1.5)
    const tall = unit * (0.02 + 0.11 * near ** 1.4)
    const f = 3.2 - 2 * near
    for (let x = 0; x < w; x++) {
      const u = x / unit
      const lump = 1 - Math.min(1, Math.abs(noise.at(u * f + k * 13.7, k * 3.1)) * 1.5)
      const top =
        base -
        tall * (lump ** 1.7 * (0.6 + 0.5 * noise.at(u * f * 0.4, k + 20)) + 0.12 * noise.fbm(u * f * 5, k, 3))
      const end = Math.min(h, base + tall * 1.4)
      for (let y = Math.max(0, Math.floor(top)); y < end; y++) {
        const down = y - top
        const t = clamp(down / (tall * 1.2))
        const streak = noise.fbm((u * 5) / near + t * 2.4, (down / unit) * (26 / near) + k * 9, 3)
        const spray = smoothstep(0.1, 0.5, streak + lump * 0.75 - t * 2.6 - 0.2)
        const web = smoothstep(0.28, 0.6, streak) * 0.3 * (1 - t)
        const a = clamp(y + 1 - top) * (1 - smoothstep(0.55, 1, t))
        const i = (y * w + x) * 3
        for (let n = 0; n < 3; n++) {
          let color = glassy[n]! + (deep[n]! - glassy[n]!) * Math.sqrt(t) + streak * 0.012
          color += (foam[n]! - color) * Math.min(0.9, spray * 0.85 + web)
          px[i + n] = px[i + n]! + (color - px[i + n]!) * a
        }
      }
    }
    yield near
  }
}
