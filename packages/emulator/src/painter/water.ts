import { clamp, mix, scale, smoothstep, tinted } from './color.ts'
import { makeNoise } from './noise.ts'
import { between, makeRandom } from './random.ts'
import { paintSwell } from './swell.ts'
import type { View } from './view.ts'
import { strips, within } from './view.ts'

/** Water from the horizon down: the mirrored picture, broken by ripples, with a path of light. */
export function* paintWater(view: View): Generator<number, void> {
  const { canvas, scene, horizon, sunX, sunY } = view
  const { palette, time, land } = scene
  const { w, h, unit, px } = canvas
  const noise = makeNoise(scene.hash, 51)
  const random = makeRandom(scene.hash, 52)
  const calm = land === 'lake' || land === 'mountain' || land === 'city'
  const rough = time === 'storm' ? 2.6 : calm ? between(random, 0.45, 0.8) : between(random, 1.1, 1.6)
  const asked = scene.things.get(land)
  const own = asked && land !== 'mountain' ? tinted(scale(palette.water, 1.4), asked, 0.9) : palette.water
  const deep = mix(own, palette.sky[2], asked ? 0.05 : 0.2)
  const top = Math.ceil(horizon)
  const dark = time === 'night' && (scene.tags.has('galaxy') || scene.tags.has('aurora'))
  const sparkle = dark ? 0 : { dawn: 0.9, day: 0.5, dusk: 1, night: 0.55, storm: 0.12 }[time]
  const span = Math.max(1, h - top)

  const surface = strips(canvas, top, h, 4, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      const d = (y + 0.5 - horizon) / unit
      const depth = 1 / (d + 0.035)
      const near = (y - top) / span
      const v = depth * 5.5
      const amp = rough * unit * (0.004 + d * 0.06)
      const body = clamp((asked ? 0.25 : 0) + (calm ? 0.16 : 0.24) + near * (calm ? 0.42 : 0.5))
      const path = 0.03 + d * 0.28 * (calm ? 0.8 : 1.2)
      for (let x = 0; x < w; x++) {
        const u = ((x - w / 2) / unit) * depth
        const n1 = noise.fbm(u * 1.5, v, 3)
        const n2 = noise.at(u * 5.5 + 7, v * 2.7 + n1)
        const lift = n1 * 0.75 + n2 * 0.35
        // Ripples mirror from higher up or lower down, and a little to the side.
        const sy = clamp(2 * horizon - y - 1 - Math.abs(lift) * amp * 2.2 + lift * amp, 0, top - 1)
        const sx = clamp(x + n1 * amp * 0.55, 0, w - 1)
        const iy = Math.min(Math.floor(sy), Math.max(0, top - 2))
        const fy = sy - iy
        const ix = Math.floor(sx)
        const a = (iy * w + ix) * 3
        const b = a + (top > 1 ? w * 3 : 0)
        const facet = clamp(body + lift * 0.3 * (0.5 + near) * Math.min(1.3, rough))
        const glint = smoothstep(0.12, 0.6, n2 * 0.7 + n1 * 0.55 + 0.1)
        const off = (x - sunX) / unit + n1 * 0.03
        const shine = sparkle * Math.exp(-((off / path) ** 2)) * glint * (1 - near * 0.35)
        const i = (y * w + x) * 3
        for (let n = 0; n < 3; n++) {
          const mirror = px[a + n]! + (px[b + n]! - px[a + n]!) * fy
          let color = mirror * 0.92 + (deep[n]! - mirror * 0.92) * facet
          color += palette.sun[n]! * shine * 0.8
          px[i + n] = color
        }
      }
    }
  })
  yield* within(0, 0.6, surface)
  // A bright thread where the water meets the land.
  const strength = sunY < horizon ? 0.16 : 0.08
  const reach = Math.max(1, Math.round(unit * 0.006))
  for (let y = Math.max(0, top - 1); y < Math.min(h, top + reach); y++) {
    const k = strength * (1 - (y - top + 1) / (reach + 1))
    for (let i = y * w * 3; i < (y + 1) * w * 3; i++) px[i] = px[i]! + (palette.haze[i % 3]! - px[i]!) * k
  }
  if (time === 'storm' && land === 'sea') yield* within(0.6, 1, paintSwell(view))
}
