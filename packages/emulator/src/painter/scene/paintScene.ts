import { makeCanvas } from '../canvas.ts'
import { hex, mix } from '../color.ts'
import type { Easel } from '../look.ts'
import { between, makeNoise, makeRandom, pick, type Random } from '../random.ts'
import { within } from '../steps.ts'
import { paintBeam, paintCastle, paintCity, paintLighthouse } from './buildings.ts'
import {
  type Animal,
  litColor,
  paintAnimal,
  paintBalloon,
  paintBirds,
  paintBoat,
  paintHouse,
  paintPerson,
} from './figures.ts'
import { finish } from './finish.ts'
import { paintLand, paintRidge } from './land.ts'
import { paintCactus, paintFlowers, paintGrass, paintGrove, paintReeds } from './plants.ts'
import { headland, makeRidges, type Ridge, rowAt } from './ridges.ts'
import { makeScene, type Scene, type View } from './scene.ts'
import { paintSky } from './sky.ts'
import { paintWater } from './water.ts'
import { paintLightning, paintPlanet, paintRain, paintRainbow, paintSnowfall } from './weather.ts'

interface SceneRequest {
  readonly prompt: string
  readonly seed: number
  readonly width: number
  readonly height: number
}

/** Text to image: a landscape steered by the words of the prompt. Yields progress, returns RGB bytes. */
export function* paintScene(
  { prompt, seed, width, height }: SceneRequest,
  easel: Easel,
): Generator<number, Uint8Array> {
  const scene = makeScene(prompt, seed)
  const canvas = makeCanvas(width, height)
  const { px } = canvas
  easel.picture = { ...canvas, colorAt: (i) => [px[i * 3]!, px[i * 3 + 1]!, px[i * 3 + 2]!] }
  const horizon = scene.horizon * canvas.h
  const view: View = {
    canvas,
    scene,
    noise: makeNoise(scene.hash, 1),
    horizon,
    sunX: scene.sunX * canvas.w,
    sunY: Math.max(horizon - scene.sunY * canvas.unit, scene.sunSize * canvas.unit * 2.2),
    sunR: scene.sunSize * canvas.unit,
  }
  const out = new Uint8Array(canvas.w * canvas.h * 3)
  const ridges = makeRidges(view)
  yield 0.018
  const stages: [number, Generator<number, void>][] = [
    [8, paintSky(view)],
    [1, once(() => paintAloft(view))],
    [5, paintLand(view, ridges, scene.water ? Math.ceil(horizon) : canvas.h)],
  ]
  if (scene.land === 'city') stages.push([3, paintCity(view)])
  stages.push([scene.tags.has('lighthouse') ? 3 : 1, paintMiddle(view, ridges)])
  if (scene.water) stages.push([4, paintWater(view)])
  stages.push(
    [scene.season === 'none' ? 3 : 6, paintFront(view, ridges)],
    [5, finish(canvas, scene.hash, out)],
  )
  const total = stages.reduce((sum, [weight]) => sum + weight, 0)
  let done = 0
  for (const [weight, stage] of stages) {
    yield* within(done / total, (done + weight) / total, stage)
    done += weight
  }
  return out
}

function* once(work: () => void): Generator<number, void> {
  work()
  yield 1
}

/** What hangs in the sky, behind the land. */
function paintAloft(view: View): void {
  const { scene } = view
  if (scene.tags.has('planet')) paintPlanet(view)
  if (
    scene.time === 'storm' &&
    !scene.tags.has('rainbow') &&
    (scene.tags.has('storm') || makeRandom(scene.hash, 102)() < 0.5)
  )
    paintLightning(view)
  if (scene.tags.has('rainbow')) paintRainbow(view)
}

/**
 * What stands on the far shore or the middle ground, before the water mirrors it. The number for the castle is drawn
 * first, whether there is one or not: any other order would move each lighthouse.
 */
function* paintMiddle(view: View, ridges: readonly Ridge[]): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { tags, side, water } = scene
  const { unit, w } = canvas
  const random = makeRandom(scene.hash, 103)
  const x = w / 2 + side * w * between(random, 0.2, 0.27)
  const middle = ridges[Math.max(0, ridges.length - 2)]
  const paintRock = (rock: Ridge): void =>
    paintRidge(view, rock, () => (water ? Math.ceil(horizon) : canvas.h))
  yield 0.2
  if (tags.has('lighthouse')) {
    const [tall, reach] = [between(random, 0.05, 0.2), between(random, 0.4, 0.56)]
    const rock = headland(view, side, tall, reach, horizon + unit * 0.004, 0.8)
    const lx = w / 2 + side * w * between(random, 0.22, 0.27)
    const y = rowAt(rock, lx) + unit * 0.02
    const size = unit * between(random, 0.3, 0.44)
    const lamp = paintLighthouse(canvas, scene, { x: lx, y, size, face: -side })
    yield 0.4
    paintBeam(canvas, scene, lamp, between(random, -0.16, 0.02))
    yield 0.7
    paintRock(rock)
  } else if (tags.has('castle')) {
    const rock = headland(view, side, between(random, 0.16, 0.24), 0.55, horizon + unit * 0.004, 0.72)
    paintCastle(view, { x, y: rowAt(rock, x) + unit * 0.02, size: unit * 0.27, face: side })
    paintRock(rock)
  } else if (tags.has('house') && middle) {
    const hx = w / 2 + side * w * 0.2
    const row = rowAt({ ...middle, tops: middle.ground }, hx) + unit * 0.02
    const y = Math.min(water ? horizon - unit * 0.004 : canvas.h, row)
    paintHouse(canvas, scene, { x: hx, y, size: unit * 0.085, face: side })
  }
  yield 1
}

/** What stands in front of everything. All parts draw from one stream of numbers, so their order decides the picture. */
function* paintFront(view: View, ridges: readonly Ridge[]): Generator<number, void> {
  const { scene } = view
  const { land, season } = scene
  const random = makeRandom(scene.hash, 104)
  const last = ridges.at(-1)
  paintInAir(view, random)
  paintSailingBoat(view, random)
  yield 0.25
  const leafy = season === 'autumn' || season === 'spring' || (land === 'meadow' && season === 'none')
  if (leafy && land !== 'city' && land !== 'sea' && land !== 'desert')
    yield* within(0.25, 0.6, paintGrove(view, last))
  yield 0.6
  paintGround(view, last, random)
  paintSubject(view, random)
  yield 0.85
  if (scene.tags.has('rain') || (scene.time === 'storm' && random() < 0.7)) paintRain(view)
  if (season === 'snow') paintSnowfall(view)
  yield 1
}

/** Balloons and birds. */
function paintInAir({ canvas, scene, horizon }: View, random: Random): void {
  const { tags, side, land } = scene
  const { unit, w } = canvas
  if (tags.has('balloon')) {
    const colors = [scene.things.get('balloon') ?? hex('d8402e'), hex('e8a02a'), hex('2a8a9a'), hex('7a4ab0')]
    for (const [k, size] of [0.26, 0.13, 0.09, 0.06].entries()) {
      const x = w * (0.5 + side * between(random, 0.06, 0.2) * (k % 2 === 0 ? 1 : -1.3))
      const y = horizon * between(random, 0.55, 0.85) - unit * size * 0.3
      paintBalloon(canvas, scene, { x, y, size: unit * size, face: 1 }, colors[k]!)
    }
  }
  if (tags.has('birds') || (land === 'sea' && scene.time !== 'night' && random() < 0.6)) {
    const x = w * (0.5 - side * between(random, 0, 0.2))
    const y = horizon * between(random, 0.3, 0.55)
    paintBirds(canvas, scene, x, y, random)
  }
}

function paintSailingBoat({ canvas, scene, horizon }: View, random: Random): void {
  const { tags, side, land } = scene
  const { unit, w } = canvas
  const takesBoat = (land === 'sea' || land === 'lake') && !tags.has('lighthouse') && !subjectOf(scene)
  if (!tags.has('boat') && !(takesBoat && random() < 0.35)) return
  const size = unit * (tags.has('boat') ? between(random, 0.24, 0.3) : between(random, 0.08, 0.13))
  const x = w * (0.5 + (tags.has('lighthouse') ? -side : side) * between(random, 0.02, 0.16))
  if (scene.water) paintBoat(canvas, scene, { x, y: horizon + size * 0.4, size, face: side })
}

/** What grows or lies along the lower edge. */
function paintGround(view: View, last: Ridge | undefined, random: Random): void {
  const { canvas, scene } = view
  const { tags, side, land, season, palette, water } = scene
  const { unit, w, h } = canvas
  const ink = mix(palette.ink, palette.haze, 0.05)
  if (land === 'sea' || tags.has('lighthouse')) {
    const [tall, reach] = [between(random, 0.06, 0.15), between(random, 0.22, 0.42)]
    paintRidge(view, headland(view, -side, tall, reach, h + unit * 0.01, 0.98), () => h)
  } else if (land === 'desert') {
    if (!tags.has('cactus') && random() >= 0.7) return
    for (const [k, size] of [0.3, 0.13, 0.08].entries()) {
      const x = w * (0.5 + (k === 1 ? -side : side) * between(random, 0.26, 0.44))
      const y = Math.min(h - unit * 0.02, (last ? rowAt(last, x) : h) + unit * 0.05)
      paintCactus(view, x, y, unit * size)
    }
  } else if (water && land !== 'city' && season !== 'snow' && !subjectOf(scene)) {
    paintReeds(view, pick(random, [side, -side]), ink)
    paintGrass(view, 0.1, ink, 105)
  } else if (season === 'none' && !water) {
    paintGrass(view, 0.13, mix(ink, litColor(scene, hex('5f7f3a'), 0.5), 0.35), 106)
  } else if (season === 'spring' && last && !water) paintFlowers(view, last.base - last.tall * 0.3)
}

const ANIMALS: readonly Animal[] = ['fox', 'cat', 'dog']

/** Who the picture is about, on ground of their own. */
function subjectOf({ tags }: Scene): Animal | 'person' | undefined {
  return ANIMALS.find((kind) => tags.has(kind)) ?? (tags.has('person') ? 'person' : undefined)
}

function paintSubject(view: View, random: Random): void {
  const { canvas, scene } = view
  const { side, land, season, water } = scene
  const { unit, w, h } = canvas
  const subject = subjectOf(scene)
  if (!subject) return
  if (water || land === 'city') {
    const shore = headland(view, side, 0.12, 0.75, h + unit * 0.03, 0.95)
    paintRidge(view, season === 'snow' ? { ...shore, kind: 'hill' } : shore, () => h)
  }
  const y = h - unit * (water ? 0.06 : 0.08)
  const x = w * (0.5 + side * between(random, 0.12, 0.2))
  if (subject === 'person') paintPerson(canvas, scene, { x, y, size: unit * 0.26, face: side })
  else paintAnimal(canvas, scene, subject, { x, y, size: unit * 0.46, face: -side })
}
