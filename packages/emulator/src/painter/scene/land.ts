import { clamp, hex, mix, multiply, type Rgb, scale, smoothstep } from '../color.ts'
import { makeNoise, makeRandom } from '../random.ts'
import { type Ridge, SUBCOLUMNS } from './ridges.ts'
import type { Scene, View } from './scene.ts'

const SNOW = hex('f4f7fc')

function albedoOf(scene: Scene, ridge: Ridge): Rgb {
  const asked = scene.things.get(scene.land)
  const natural = naturalAlbedo(scene, ridge)
  const takes = scene.land !== 'sea' && scene.land !== 'lake' && ridge.kind !== 'rock'
  return asked && takes ? mix(natural, asked, ridge.kind === 'mountain' ? 0.45 : 0.7) : natural
}

function naturalAlbedo(scene: Scene, ridge: Ridge): Rgb {
  const turn = makeRandom(scene.hash, 41)()
  if (ridge.kind === 'dune' || ridge.kind === 'mesa') {
    const sand = mix(hex('e2ad6c'), hex('cf7a4a'), turn)
    return ridge.kind === 'mesa' ? mix(sand, hex('8a4a34'), 0.5) : sand
  }
  if (ridge.kind === 'mountain') return mix(hex('77727c'), hex('8a7a6c'), turn)
  if (ridge.kind === 'rock') return mix(hex('4c4648'), hex('5f5244'), turn)
  const grass = mix(hex('5f7f3a'), hex('7d8a42'), turn)
  if (scene.season === 'snow') return ridge.kind === 'pine' ? hex('51646a') : SNOW
  if (scene.season === 'autumn')
    return mix(hex(ridge.kind === 'pine' ? '7a5a34' : 'b8863c'), hex('c0592a'), turn * 0.6)
  if (scene.season === 'spring') return mix(hex('7fae4e'), grass, turn * 0.5)
  return ridge.kind === 'pine' ? mix(hex('2f5040'), grass, 0.25) : grass
}

/** What a layer is made of: all that does not change from pixel to pixel. */
interface Material {
  readonly rocky: boolean
  /** Colours in the shade and in the light, of the soil and of snow. */
  readonly soil: readonly [shade: Rgb, light: Rgb]
  readonly snow: readonly [shade: Rgb, light: Rgb]
  /** From which elevation on snow lies, if it lies at all. */
  readonly cap: number | undefined
  /** How much of the colour of distance lies over it. */
  readonly far: number
  readonly mist: number
  readonly mistTall: number
  /** Mist lies between the trunks of a wood, not below each tip. */
  readonly lift: number
  /** Over how many subcolumns a slope is measured. */
  readonly reach: number
  readonly grain: number
}

function materialOf({ canvas: { unit }, scene }: View, ridge: Ridge): Material {
  const { palette, season } = scene
  const { depth, kind } = ridge
  const albedo = albedoOf(scene, ridge)
  const rocky = kind === 'mountain' || kind === 'mesa' || kind === 'rock'
  const wrap = { dawn: 0.85, day: 0.9, dusk: 0.95, night: 1.4, storm: 0.8 }[scene.time]
  const key = scale(palette.key, 1.7)
  const snowy = season === 'snow' && kind === 'hill'
  const dim =
    kind === 'rock'
      ? 0.55
      : kind === 'pine' || kind === 'hill'
        ? 1 - (kind === 'pine' ? 0.62 : 0.45) * depth * (snowy ? 0.5 : 1)
        : 1
  const white = kind === 'mountain' && (season === 'snow' || makeRandom(scene.hash, 43)() < 0.6)
  const mist =
    kind === 'rock'
      ? 0
      : scene.fog *
        (rocky ? 0.6 : kind === 'pine' ? 0.62 - 0.5 * depth : 0.8 - 0.62 * depth) *
        (scene.time === 'night' ? 0.7 : 1)
  return {
    rocky,
    soil: [scale(multiply(albedo, palette.ambient), wrap * dim), scale(multiply(albedo, key), dim)],
    snow: [scale(multiply(SNOW, palette.ambient), wrap), multiply(SNOW, key)],
    cap: white ? (season === 'snow' ? 0.1 : 0.42) : undefined,
    far: (rocky ? 0.66 : 0.78) * (1 - depth) ** 1.2,
    mist,
    mistTall: unit * (rocky ? 0.3 : 0.12 + 0.1 * depth),
    lift: kind === 'pine' ? unit * (0.015 + depth * depth * 0.07) : 0,
    reach: Math.max(1, Math.round(unit * (rocky ? 0.008 : 0.02))) * SUBCOLUMNS,
    grain: (kind === 'rock' ? 16 : rocky ? 9 : kind === 'dune' ? 5 : 12) / unit,
  }
}

/** Paints one layer down to `below` (rows per column, or the row where it ends). */
export function paintRidge(view: View, ridge: Ridge, below: (x: number) => number): void {
  const { canvas, scene, sunX } = view
  const { palette } = scene
  const { w, h, unit, px } = canvas
  const { depth, tops, tall, kind } = ridge
  const { rocky, soil, snow, cap, far, mist, mistTall, lift, reach, grain } = materialOf(view, ridge)
  const noise = makeNoise(scene.hash, 42 + Math.round(depth * 20))
  const hazeAt = new Float32Array(3)
  for (let x = 0; x < w; x++) {
    const s = x * SUBCOLUMNS
    let high = Infinity
    let low = -Infinity
    for (let k = 0; k < SUBCOLUMNS; k++) {
      high = Math.min(high, tops[s + k]!)
      low = Math.max(low, tops[s + k]!)
    }
    const facing = clamp((sunX - x) / (unit * 0.25), -1, 1)
    const sunNear = Math.exp(-(((x - sunX) / (unit * 0.35)) ** 2))
    const wide = Math.exp(-(((x - sunX) / (unit * 0.6)) ** 2))
    for (let n = 0; n < 3; n++) {
      hazeAt[n] = (palette.haze[n]! + (palette.warm[n]! - palette.haze[n]!) * wide) * (1 + 0.25 * sunNear)
    }
    const end = Math.min(h, below(x))
    for (let y = Math.max(0, Math.floor(high)); y < end; y++) {
      const cover = y < low ? coverOf(tops, s, y) : 1
      if (cover <= 0) continue
      const down = y - high
      const t1 = noise.fbm(x * grain, y * grain * (rocky ? 0.7 : 2.2), rocky ? 4 : 3)
      // The slope of the outline, carried down the face at a slant, models the facets below it.
      const slant =
        s +
        (down * (rocky ? 0.55 : 0.8) * (facing >= 0 ? 1 : -1) + t1 * unit * (rocky ? 0.035 : 0.01)) *
          SUBCOLUMNS
      const a = clamp(Math.round(slant - reach), 0, tops.length - 1)
      const b = clamp(Math.round(slant + reach), 0, tops.length - 1)
      const slope = kind === 'pine' ? 0 : ((tops[b]! - tops[a]!) * SUBCOLUMNS) / Math.max(1, b - a)
      let light = clamp(0.42 + slope * facing * (rocky ? 0.85 : 1.1) + t1 * (rocky ? 0.35 : 0.22))
      if (kind === 'dune') {
        const ripple = Math.sin((y * 2.2 + x * 0.35 + t1 * 60) * (330 / unit) * (1.2 - depth * 0.75))
        light = clamp(light + 0.05 * ripple)
      }
      const shade = 0.82 + 0.3 * t1
      const elevation = (ridge.base - y) / tall
      const mask =
        cap === undefined
          ? 0
          : smoothstep(-0.08, 0.1, elevation - cap + t1 * 0.32 - (light < 0.42 ? 0.06 : 0))
      const veil = far + (1 - far) * mist * smoothstep(0, mistTall, y - ridge.ground[s]! + lift)
      const rim = kind === 'pine' || down > 3 ? 0 : sunNear * 0.25 * (1 - veil)
      const i = (y * w + x) * 3
      for (let n = 0; n < 3; n++) {
        let color = soil[0][n]! * shade + soil[1][n]! * light * light
        if (mask > 0) color += (snow[0][n]! * (0.9 + 0.1 * t1) + snow[1][n]! * light * light - color) * mask
        color += (hazeAt[n]! - color) * veil + palette.key[n]! * rim
        px[i + n] = px[i + n]! + (color - px[i + n]!) * cover
      }
    }
  }
}

/** How much of a pixel lies below the outline. */
function coverOf(tops: Float32Array, s: number, y: number): number {
  let cover = 0
  for (let k = 0; k < SUBCOLUMNS; k++) cover += clamp(y + 1 - tops[s + k]!) / SUBCOLUMNS
  return cover
}

/** Paints all layers, far to near; the last one reaches `bottom`. */
export function* paintLand(view: View, ridges: readonly Ridge[], bottom: number): Generator<number, void> {
  for (let k = 0; k < ridges.length; k++) {
    const next = ridges[k + 1]?.tops
    paintRidge(view, ridges[k]!, (x) => {
      if (!next) return bottom
      const s = x * SUBCOLUMNS
      return Math.min(bottom, Math.ceil(Math.max(next[s]!, next[s + 1]!, next[s + 2]!, next[s + 3]!)) + 1)
    })
    yield (k + 1) / ridges.length
  }
}
