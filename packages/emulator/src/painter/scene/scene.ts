import type { Canvas } from '../canvas.ts'
import { hex, mix, type Rgb, scale, shift, tinted } from '../color.ts'
import { between, hashText, makeRandom, type Noise, pick, type Random } from '../random.ts'
import { readPrompt } from './words.ts'

type Land = 'sea' | 'lake' | 'mountain' | 'meadow' | 'desert' | 'forest' | 'city'

/** Everything a prompt and a seed decide about a picture. Positions are parts of the width and height. */
export interface Scene {
  readonly hash: number
  /** Whether the prompt has any word that steers. */
  readonly steered: boolean
  readonly tags: ReadonlySet<string>
  readonly things: ReadonlyMap<string, Rgb>
  readonly time: Time
  readonly land: Land
  readonly season: 'snow' | 'autumn' | 'spring' | 'none'
  readonly palette: Palette
  readonly horizon: number
  readonly sunX: number
  readonly sunY: number
  readonly sunSize: number
  /** Cover of the sky, 0..1. */
  readonly clouds: number
  readonly stars: number
  readonly fog: number
  readonly water: boolean
  /** -1 or 1: the side of the main subject; the light stands on the other one. */
  readonly side: number
}

const TIMES: readonly Time[] = ['dusk', 'storm', 'night', 'dawn', 'day']
const LANDS: readonly Land[] = ['city', 'desert', 'lake', 'sea', 'forest', 'mountain', 'meadow']

function chooseTime(tags: ReadonlySet<string>, random: () => number): Time {
  const named = TIMES.find((time) => tags.has(time))
  if (tags.has('storm') && named !== 'dusk') return 'storm'
  if (named) return named
  if (['galaxy', 'aurora', 'moon', 'neon', 'planet'].some((tag) => tags.has(tag))) return 'night'
  if (tags.has('rain')) return 'storm'
  if (['snow', 'spring', 'autumn', 'rainbow', 'balloon'].some((tag) => tags.has(tag))) {
    return pick(random, ['dawn', 'day', 'day', 'dusk'])
  }
  return pick(random, ['dawn', 'dawn', 'day', 'dusk', 'dusk', 'night'])
}

function chooseLand(tags: ReadonlySet<string>, random: () => number): Land {
  if (tags.has('mountain') && tags.has('sea')) return 'lake'
  const named = LANDS.find((land) => tags.has(land))
  if (named) return named
  if (tags.has('lighthouse') || tags.has('boat')) return 'sea'
  if (tags.has('cactus')) return 'desert'
  if (tags.has('neon')) return 'city'
  if (tags.has('snow')) return pick(random, ['meadow', 'mountain', 'forest'])
  if (tags.has('autumn') || tags.has('spring')) return pick(random, ['forest', 'meadow'])
  if (tags.has('galaxy') || tags.has('planet')) return pick(random, ['mountain', 'desert', 'lake'])
  if (tags.has('aurora')) return pick(random, ['lake', 'mountain'])
  return pick(random, ['lake', 'lake', 'mountain', 'meadow', 'desert', 'sea', 'forest'])
}

export function makeScene(prompt: string, seed: number): Scene {
  const hash = hashText(`${seed}\n${prompt}`)
  const random = makeRandom(hash)
  const { tags, colors, things } = readPrompt(prompt)
  const time = chooseTime(tags, random)
  const land = chooseLand(tags, random)
  const side = random() < 0.5 ? -1 : 1
  const cosmic = tags.has('galaxy')
  const season = tags.has('snow')
    ? 'snow'
    : tags.has('autumn')
      ? 'autumn'
      : tags.has('spring')
        ? 'spring'
        : 'none'
  const water =
    land === 'sea' || land === 'lake' || land === 'city' || (land === 'mountain' && random() < 0.45)
  const cover =
    { dawn: 0.45, day: 0.45, dusk: 0.5, night: 0.3, storm: 0.95 }[time] + between(random, -0.15, 0.2)
  // "Blue mountains" stand in blue air.
  const asked = things.get(land)
  const palette = makePalette(random, time, colors, tags.has('neon') ? 1.35 : cosmic ? 1.2 : 1)
  const low = time === 'dawn' || time === 'dusk'
  return {
    hash,
    steered: tags.size + colors.length > 0,
    tags,
    things,
    time,
    land,
    season,
    side,
    water,
    palette: asked
      ? { ...palette, haze: tinted(palette.haze, asked, 0.6), warm: tinted(palette.warm, asked, 0.35) }
      : palette,
    horizon: (water ? 0.6 : 0.64) + between(random, -0.05, 0.06) + (cosmic ? 0.12 : 0),
    sunX: 0.5 - side * between(random, 0.08, 0.3),
    sunY: low ? between(random, 0.04, 0.16) : between(random, 0.34, 0.62),
    sunSize: low ? between(random, 0.036, 0.055) : time === 'night' ? between(random, 0.035, 0.06) : 0.03,
    clouds: tags.has('cloudy') ? 0.8 : cosmic || tags.has('aurora') ? 0.1 : cover,
    stars:
      time === 'night' ? (cosmic ? 2.2 : season === 'snow' && !tags.has('aurora') ? 0.3 : 1) : low ? 0.16 : 0,
    fog: tags.has('fog') ? 1 : between(random, 0.25, 0.6),
  }
}

type Time = 'dawn' | 'day' | 'dusk' | 'night' | 'storm'

interface Palette {
  /** Horizon, low, high, zenith. */
  readonly sky: readonly [Rgb, Rgb, Rgb, Rgb]
  /** The light itself: sun or moon. */
  readonly sun: Rgb
  readonly cloudLit: Rgb
  readonly cloudDark: Rgb
  /** Light that falls on the land from the sky, and from the sun. */
  readonly ambient: Rgb
  readonly key: Rgb
  /** The colour of distance, and the same under the light. */
  readonly haze: Rgb
  readonly warm: Rgb
  readonly water: Rgb
  /** Silhouettes in front. */
  readonly ink: Rgb
}

/** horizon low high zenith | sun cloud-lit cloud-dark | water ink */
const BASES: Readonly<Record<Time, readonly string[]>> = {
  dawn: [
    'ffe0b0 f4bfb6 9fadd6 5878b4 fff0d0 ffd6c6 8a8fbe 33507c 232a44',
    'ffd48a f2a39c 8d86b8 3d5a94 fff0c8 ffc2a6 77739f 2c4170 20233f',
    'ffc79a f6d6b6 a4c4c4 467e90 fff4d8 ffe4c8 7f9ca4 27545f 1a2c34',
    'ffcfc4 e8a5c0 9b8fd0 4b58a0 fff0e4 ffd2d6 7c78b4 34407c 24224a',
  ],
  day: [
    'e2eff8 a9d2f0 5b9fe2 2b69b8 fffbe6 ffffff 9db2cc 1e5878 1c2c2a',
    'f4efd6 c5e3e2 76bad8 327cb0 fff8e0 fffdf4 a3b7c0 1d6670 1f2e24',
    'f0f0e4 b4d8ea 6aa4da 3a5fae fffae0 fffaf0 9aa4c6 2a4c86 20263a',
  ],
  dusk: [
    'ffb163 cc6478 4f4283 1a2450 ffdfa8 ff9c78 46386a 1b2148 120f24',
    'ff9350 f0b47c 4a7f8c 12304e ffe6b4 ffb070 33506a 123044 0b1622',
    'ffab7c e4588c 6d3290 23194c ffe4c4 ff8fa0 4a2a70 231a4c 150c28',
    'ffc254 da4f32 7b2642 27122f ffe9b0 ff8a4c 4c1c3a 2b1430 16091a',
    'ffd9a0 e79a86 7a6f9e 2b3a66 fff0cc ffc6a4 5a5580 22305a 161a30',
  ],
  night: [
    '38568a 1c3260 0f1b3e 070b20 f4f1de 62749e 121a34 0c1630 04060e',
    '6c4488 3c2868 1d1544 0a081f f6ecdc 7a5f9c 1a1338 120e2e 060410',
    '338488 155058 0a2a3c 04131e eef4e0 4f8890 0c2430 07202a 020a0e',
    '8a6a78 3d4470 1a2450 090d26 fdeed2 7d7a98 171c3c 0e1634 05070f',
  ],
  storm: [
    'a3afab 5f6b73 363f4b 1e252e e6ece0 98a4a8 1c222b 1c2a31 0c1014',
    'c29c84 665f74 363650 1c1d32 f4e2c8 a08e90 1d1c2c 22283a 0d0d18',
    '9fb59a 5a7a74 2e4a50 162830 ecf2d4 90a89c 162228 173234 091214',
  ],
}

const LIGHT: Readonly<Record<Time, readonly [ambient: number, key: number]>> = {
  dawn: [0.8, 0.6],
  day: [0.75, 0.75],
  dusk: [0.7, 0.5],
  night: [1.1, 0.14],
  storm: [0.62, 0.12],
}

/** One of the palettes of a time of day, varied, and tinted with the colours asked for. */
function makePalette(random: Random, time: Time, colors: readonly Rgb[], richness: number): Palette {
  const base = pick(random, BASES[time]).split(' ').map(hex)
  const turn = between(random, -0.16, 0.16)
  const chroma = between(random, 0.9, 1.12) * richness
  const skyTint = colors[0]
  const lowTint = colors[1] ?? colors[0]
  const tones = base.map((color, i) => {
    const varied = shift(color, turn, chroma, 1)
    const low = i === 0 || i === 1 || i === 4 || i === 5
    const tint = low ? lowTint : skyTint
    return tint ? tinted(varied, tint, i === 4 ? 0.3 : low && colors.length < 2 ? 0.62 : 0.78) : varied
  }) as [Rgb, Rgb, Rgb, Rgb, Rgb, Rgb, Rgb, Rgb, Rgb]
  const [horizon, low, high, zenith, sun, cloudLit, cloudDark, water, ink] = tones
  const [ambient, key] = LIGHT[time]
  return {
    sky: [horizon, low, high, zenith],
    sun,
    cloudLit,
    cloudDark,
    ambient: scale(mix(mix(high, low, 0.4), zenith, 0.15), ambient),
    key: scale(mix(sun, horizon, 0.5), key),
    haze: mix(mix(horizon, low, 0.75), high, time === 'night' ? 0.1 : 0.3),
    warm: mix(horizon, low, time === 'night' ? 0.7 : 0.3),
    water,
    ink,
  }
}

/** A scene on a canvas: positions in pixels. */
export interface View {
  readonly canvas: Canvas
  readonly scene: Scene
  readonly noise: Noise
  /** The row of the horizon. */
  readonly horizon: number
  readonly sunX: number
  readonly sunY: number
  readonly sunR: number
}
