import { makeClouds } from './clouds.ts'
import type { Rgb } from './color.ts'
import { clamp, fromLab, mix, toLab } from './color.ts'
import type { Light } from './skyLights.ts'
import { auroraLight, galaxyLight } from './skyLights.ts'
import { paintMoon, paintStars } from './stars.ts'
import type { View } from './view.ts'
import { strips, within } from './view.ts'

/** The colour of the clear sky for each row, through OKLab. */
function gradient({ scene, horizon }: View): Float32Array {
  const stops = [0, 0.2, 0.55, 1.05]
  const labs = scene.palette.sky.map(toLab)
  const rows = new Float32Array(Math.ceil(horizon + 2) * 3)
  for (let y = 0; y < rows.length / 3; y++) {
    const e = clamp((horizon - y) / Math.max(1, horizon))
    const k = e < stops[1]! ? 0 : e < stops[2]! ? 1 : 2
    const t = (e - stops[k]!) / (stops[k + 1]! - stops[k]!)
    const at = (i: number): number => {
      const [p, a, b, q] = [
        labs[Math.max(0, k - 1)]![i]!,
        labs[k]![i]!,
        labs[k + 1]![i]!,
        labs[Math.min(3, k + 2)]![i]!,
      ]
      return a + 0.5 * t * (b - p + t * (2 * p - 5 * a + 4 * b - q + t * (3 * (a - b) + q - p)))
    }
    rows.set(fromLab([at(0), at(1), at(2)]), y * 3)
  }
  return rows
}

export function* paintSky(view: View): Generator<number, void> {
  const { canvas, scene, horizon, sunX, sunY, sunR } = view
  const { palette, tags } = scene
  const rows = gradient(view)
  const { px, w, unit } = canvas
  const moonlit = scene.time === 'night' || (tags.has('moon') && scene.time !== 'day')
  const dark = tags.has('galaxy') || (tags.has('aurora') && !tags.has('moon'))
  const lights: Light[] = []
  if (tags.has('aurora')) lights.push(auroraLight(view))
  if (tags.has('galaxy')) lights.push(galaxyLight(view))
  const warm: Rgb = mix(palette.sun, palette.sky[0], scene.time === 'day' ? 0.2 : 0.55)
  const strength = { dawn: 0.6, day: 0.45, dusk: 0.7, night: 0, storm: 0.22 }[scene.time]
  const reach = (sunR / unit) * 1.0
  const out = new Float32Array(3)
  paintStars(view)
  yield 0.07
  const clear = strips(canvas, 0, horizon + 2, lights.length > 0 ? 9 : 3, (y0, y1) => {
    for (let y = y0; y < Math.min(y1, canvas.h, rows.length / 3); y++) {
      for (let x = 0; x < w; x++) {
        const dx = (x + 0.5 - sunX) / unit
        const dy = (y + 0.5 - sunY) / unit
        out[0] = rows[y * 3]!
        out[1] = rows[y * 3 + 1]!
        out[2] = rows[y * 3 + 2]!
        for (const light of lights) light(x, y, out)
        const i = (y * w + x) * 3
        const d = Math.sqrt(dx * dx + dy * dy)
        const wide = Math.exp(-Math.sqrt(dx * dx * 0.35 + dy * dy * 3.2) * 4.2) * 0.45
        const k = strength === 0 ? 0 : strength * (wide + Math.exp(-d * 7) * 0.4 + Math.exp(-d * 26) * 0.5)
        const core = strength < 0.3 || moonlit ? 0 : clamp((reach - d) * unit * 0.7 + 0.5)
        for (let n = 0; n < 3; n++) {
          const air = px[i + n]! + out[n]! * (1 - k * 0.35) + warm[n]! * k
          px[i + n] = air + (palette.sun[n]! * 1.25 - air) * core
        }
      }
    }
  })
  yield* within(0.07, 0.45, clear)
  if (moonlit && !dark) paintMoon(view)
  const clouds = makeClouds(view)
  const cloudy = strips(canvas, 0, horizon + 2, 6, (y0, y1) => {
    for (let y = y0; y < Math.min(y1, canvas.h); y++) for (let x = 0; x < w; x++) clouds(x, y)
  })
  yield* within(0.45, 1, cloudy)
}
