import { disc, glow } from './canvas.ts'
import { clamp, mix, scale, smoothstep } from './color.ts'
import { makeNoise } from './noise.ts'
import { between, makeRandom } from './random.ts'
import type { View } from './view.ts'

export function paintStars({ canvas, scene, horizon }: View): void {
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
export function paintMoon(view: View): void {
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
