import { clamp, hex, mix, multiply, scale, smoothstep, tinted } from '../color.ts'
import { between, makeNoise, makeRandom } from '../random.ts'
import { strips, within } from '../steps.ts'
import type { View } from './scene.ts'

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

const WAVES = 5

/** High waves of a storm, rolling towards us, with foam along their crests. */
function* paintSwell(view: View): Generator<number, void> {
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
