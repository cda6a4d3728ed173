import { clamp, mix, smoothstep } from './color.ts'
import { makeNoise } from './noise.ts'
import { between, makeRandom } from './random.ts'
import type { View } from './view.ts'

/** Lays two decks of clouds, seen in perspective and lit from the sun, over a pixel of the sky. */
export function makeClouds({ canvas, scene, horizon, sunX, sunY }: View): (x: number, y: number) => void {
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
