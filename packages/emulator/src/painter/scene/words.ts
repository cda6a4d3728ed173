import { hex, type Rgb } from '../color.ts'

/** What each word asks for: tag, then the words that mean it. */
export const MEANINGS: Readonly<Record<string, string>> = {
  dawn: 'dawn sunrise morning daybreak early',
  dusk: 'dusk sunset evening twilight sundown golden gloaming',
  night: 'night midnight moonlight moonlit nocturnal starry dark nighttime',
  day: 'day noon sunny midday afternoon daylight bright clear summer',
  storm: 'storm stormy thunderstorm tempest thunder lightning hurricane gale dramatic',
  rain: 'rain rainy drizzle wet monsoon',
  fog: 'fog foggy mist misty haze hazy smoke moody',
  cloudy: 'cloud cloudy overcast clouds',
  snow: 'snow snowy winter ice icy frozen arctic blizzard frost polar glacier christmas',
  desert: 'desert dune sahara sand sandy mars martian canyon mesa cactus camel',
  forest: 'forest wood woods woodland jungle pine tree trees taiga',
  sea: 'sea ocean wave coast beach shore bay island harbor harbour sail surf whale ship seaside marine',
  lake: 'lake river pond fjord reflection water waterfall',
  mountain: 'mountain peak alp alps alpine summit cliff everest himalaya volcano ridge',
  meadow: 'meadow field grass prairie hill hills valley farm countryside village pasture garden',
  city: 'city town skyline skyscraper street urban metropolis downtown cyberpunk tokyo york building',
  neon: 'neon cyberpunk synthwave vaporwave hologram futuristic tokyo',
  lighthouse: 'lighthouse',
  boat: 'boat sailboat ship sail yacht sailing',
  aurora: 'aurora borealis northern polar',
  galaxy: 'galaxy space nebula cosmos cosmic universe milky interstellar stars',
  planet: 'planet saturn jupiter alien exoplanet scifi',
  moon: 'moon moonlight moonlit crescent lunar',
  autumn: 'autumn fall autumnal october maple',
  spring: 'spring blossom cherry sakura bloom flower flowers april',
  fox: 'fox vixen',
  cat: 'cat kitten kitty',
  dog: 'dog puppy wolf corgi husky',
  person:
    'person man woman girl boy figure traveler traveller wanderer hiker portrait astronaut knight samurai wizard people robot child',
  house: 'house cabin cottage hut home village barn',
  castle: 'castle fortress palace citadel',
  balloon: 'balloon',
  birds: 'bird seagull gull crow eagle geese dragon',
  cactus: 'cactus saguaro',
  rainbow: 'rainbow',
}

const COLORS: Readonly<Record<string, string>> = {
  red: 'e0322d',
  crimson: 'b81635',
  scarlet: 'e8301f',
  orange: 'f57f17',
  amber: 'f7a81b',
  gold: 'eab62c',
  yellow: 'f6d32d',
  green: '3da34a',
  emerald: '179a63',
  lime: '9bd42a',
  teal: '15918c',
  turquoise: '2bbdb4',
  cyan: '23b8d8',
  blue: '2867d8',
  azure: '3b8df0',
  navy: '1d2f7a',
  indigo: '4637b0',
  violet: '7d45d0',
  purple: '8a3fb8',
  magenta: 'd02c9c',
  pink: 'f07bab',
  rose: 'e5597f',
  lavender: 'a893e0',
  brown: '8a5a33',
  sepia: '9a6c3c',
  grey: '8a8a8c',
  gray: '8a8a8c',
  silver: 'b4b9c0',
  white: 'eef0f2',
  black: '1c1c20',
}

/** Tags whose own colour a colour word right before them sets ("a red fox"). */
const THINGS: readonly string[] =
  'fox cat dog boat lighthouse house balloon moon person meadow forest desert sea lake mountain'.split(' ')
/** These words choose a scene, but are not in the picture: a whale gets its sea. */
const SCENES_ONLY = new Set(
  'whale camel christmas martian mars sahara everest himalaya tokyo york dragon astronaut knight samurai wizard robot surf'.split(
    ' ',
  ),
)
/** Words that name nothing to paint. */
const SMALL = new Set(
  'a an the of in on at by with and or to from for as is are its his her their my your this that it over under near into through'.split(
    ' ',
  ),
)
const NEGATIONS = new Set(['no', 'without', 'not'])

interface Wishes {
  readonly tags: ReadonlySet<string>
  /** Colours for the whole picture, in the order of the prompt. */
  readonly colors: readonly Rgb[]
  /** Colours of single things. */
  readonly things: ReadonlyMap<string, Rgb>
}

function tagsOf(word: string): string[] {
  const forms = [word, word.replace(/s$/, ''), word.replace(/es$/, ''), word.replace(/y$/, '')]
  return Object.keys(MEANINGS).filter((tag) => {
    const meant = ` ${MEANINGS[tag]} `
    return forms.some((form) => form.length > 2 && meant.includes(` ${form} `))
  })
}

const wordsOf = (prompt: string): string[] =>
  prompt
    .slice(0, 4000)
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(Boolean)

/**
 * The words of a prompt that the emulator's painter has no picture for, each once: `whale` of "a whale at dusk". A real
 * workflow may well paint them.
 *
 * @throws nothing
 *
 * @example
 * ```ts
 * console.log(unpaintedWords('a cat on a bicycle in Paris')) // [ 'bicycle', 'paris' ]
 * ```
 */
export function unpaintedWords(prompt: string): string[] {
  const words = wordsOf(prompt)
  const isPainted = (word: string): boolean =>
    SMALL.has(word) || NEGATIONS.has(word) || Object.hasOwn(COLORS, word) || tagsOf(word).length > 0
  const isNegated = (index: number): boolean => NEGATIONS.has(words[index - 1] ?? '')
  const missing = words.filter(
    (word, index) => !isNegated(index) && (!isPainted(word) || SCENES_ONLY.has(word.replace(/s$/, ''))),
  )
  return [...new Set(missing)]
}

/** The words of a prompt that steer the picture. */
export function readPrompt(prompt: string): Wishes {
  const tags = new Set<string>()
  const colors: Rgb[] = []
  const things = new Map<string, Rgb>()
  const words = wordsOf(prompt)
  let pending: Rgb | undefined
  words.forEach((word, i) => {
    if (NEGATIONS.has(words[i - 1] ?? '')) return
    const color = Object.hasOwn(COLORS, word) ? hex(COLORS[word]!) : undefined
    const found = tagsOf(word)
    for (const tag of found) tags.add(tag)
    const own = found.filter((tag) => THINGS.includes(tag))
    if (pending && own.length > 0) for (const tag of own) things.set(tag, pending)
    else if (pending) colors.push(pending)
    pending = color
  })
  if (pending) colors.push(pending)
  return { tags, colors, things }
}
