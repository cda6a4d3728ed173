import { disc, glow } from '../canvas.ts'
import { clamp, fromLab, hex, mix, type Rgb, scale, smoothstep, toLab } from '../color.ts'
import { between, makeNoise, makeRandom } from '../random.ts'
import { strips, within } from '../steps.ts'
import type { View } from './scene.ts'

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

/** Adds light to a pixel of the sky. */
type Light = (x: number, y: number, out: Float32Array) => void

/** Curtains of northern light. */
function auroraLight({ canvas, scene, noise, horizon }: View): Light {
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
function galaxyLight({ canvas, scene, horizon }: View): Light {
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

function paintStars({ canvas, scene, horizon }: View): void {
  const random = makeRandom(scene.hash, 11)
  const low = scene.time !== 'night'
  const count = Math.round(scene.stars * 420 * Math.sqrt(canvas.w / canvas.unit))
  for (let i = 0; i < count; i++) {
    const x = random() * canvas.w
    const y = random() ** 1.25 * horizon
    const size = (0.4 + (low ? 0.3 : 0.85) * random() ** 12) * (canvas.unit / 512)
    const power = (0.25 + 1.6 * random() ** 6) * smoothstep(0, 0.3, (horizon - y) / horizon)
    const color = mix([1, 0.82, 0.62], [0.66, 0.8, 1], random())
    glow(canvas, x, y, Math.max(1.25, size * 2.8), color, power)
    if (random() < 0.01 && !low) glow(canvas, x, y, canvas.unit * 0.02, color, 0.16)
  }
}

/** The moon in one of its phases. */
function paintMoon(view: View): void {
  const { canvas, scene, sunX, sunY, sunR } = view
  const color = scene.things.get('moon') ?? scale(scene.palette.sun, 0.95)
  const noise = makeNoise(scene.hash, 15)
  glow(canvas, sunX, sunY, sunR * 9, mix(color, scene.palette.sky[1], 0.4), 0.28)
  glow(canvas, sunX, sunY, sunR * 3, color, 0.25)
  const thick = between(makeRandom(scene.hash, 16), -0.1, 1.1)
  for (let y = Math.floor(sunY - sunR - 1); y <= sunY + sunR + 1; y++) {
    for (let x = Math.floor(sunX - sunR - 1); x <= sunX + sunR + 1; x++) {
      if (x < 0 || y < 0 || x >= canvas.w || y >= canvas.h) continue
      const u = (x + 0.5 - sunX) / sunR
      const v = (y + 0.5 - sunY) / sunR
      const r = Math.hypot(u, v)
      const cover = clamp((1 - r) * sunR + 0.5)
      if (cover === 0) continue
      const z = Math.sqrt(Math.max(0, 1 - r * r))
      const lit = smoothstep(-0.12, 0.3, u * -0.8 * scene.side + v * -0.35 + z * thick * 0.9)
      const maria = 1 - 0.32 * smoothstep(-0.05, 0.4, noise.fbm(u * 1.5 + 4, v * 1.5, 4))
      disc(canvas, x + 0.5, y + 0.5, 0.5, scale(color, maria * (0.8 + 0.2 * z)), cover * lit)
    }
  }
}

/** Lays two decks of clouds, seen in perspective and lit from the sun, over a pixel of the sky. */
function makeClouds({ canvas, scene, horizon, sunX, sunY }: View): (x: number, y: number) => void {
  const noise = makeNoise(scene.hash, 21)
  const random = makeRandom(scene.hash, 22)
  const { palette, clouds } = scene
  const stormy = scene.time === 'storm'
  const lit = stormy ? mix(palette.cloudLit, palette.cloudDark, 0.25) : palette.cloudLit
  const shade = mix(palette.cloudDark, palette.sky[1], scene.time === 'day' ? 0.35 : 0.12)
  const size = between(random, 0.8, 1.35)
  const stretch = between(random, 1.7, 2.7)
  const drift = random() * 50
  const threshold = 0.42 - clouds * 0.72
  const wisps = stormy ? 0 : between(random, 0.15, 0.5) * (scene.time === 'night' ? 0.4 : 1) * (0.3 + clouds)
  const { px, unit, w } = canvas

  return (x, y) => {
    const e = (horizon - y) / unit
    const fade = smoothstep(0.015, 0.13, e)
    if (fade === 0) return
    const depth = 1 / (e + 0.2)
    const u = ((x - w / 2) / unit) * depth * size + drift
    const v = depth * stretch * size
    const sx = (sunX - x) / unit
    const sy = (sunY - y) / unit
    const sunD = Math.sqrt(sx * sx + sy * sy) + 0.001
    const bend = noise.at(u * 0.7, v * 0.7 + 40)
    const p = u + bend * 0.35
    const q = v + bend * 0.25
    const body = noise.fbm(p, q, 5)
    const density = body + 0.22 * noise.at(u * 0.35, v * 0.35 + 9)
    const alpha = smoothstep(threshold, threshold + (stormy ? 0.75 : 0.42), density) * fade
    const near = Math.exp(-sunD * 3.2)
    const i = (y * w + x) * 3
    if (wisps > 0) {
      const streak = noise.fbm(u * 0.45 + v * 0.12 + bend * 0.5, v * 1.7 + bend + 70, 4)
      const k = smoothstep(0.0, 0.75, streak) * wisps * fade
      for (let n = 0; n < 3; n++) px[i + n] = px[i + n]! + (lit[n]! * (1 + near * 0.4) - px[i + n]!) * k
    }
    if (alpha <= 0.002) return
    // Thinner towards the light means lit; thicker means in the shade of itself.
    const step = 0.16
    const toward = noise.fbm(
      p + (sx / sunD) * step,
      q - (sy / sunD) * step * 1.2 + (sy > 0 ? 0.02 : -0.02),
      3,
    )
    const light = clamp(0.42 + (body - toward) * 1.5 + near * 0.35 - (density - threshold) * 0.35)
    const rim = near * (1 - alpha) * 0.9
    for (let n = 0; n < 3; n++) {
      const color = shade[n]! + (lit[n]! - shade[n]!) * light + palette.sun[n]! * rim * (stormy ? 0.25 : 0.6)
      px[i + n] = px[i + n]! + (color - px[i + n]!) * alpha * (stormy ? 0.95 : 0.9)
    }
  }
}
