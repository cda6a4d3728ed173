import type { Rgb } from './color.ts'
import { tinted } from './color.ts'
import type { Palette, Time } from './palettes.ts'
import { makePalette } from './palettes.ts'
import { between, hashText, makeRandom, pick } from './random.ts'
import { readPrompt } from './words.ts'

export type Land = 'sea' | 'lake' | 'mountain' | 'meadow' | 'desert' | 'forest' | 'city'

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
