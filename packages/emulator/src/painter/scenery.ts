import type { Animal } from './animals.ts'
import { paintAnimal, paintPerson } from './animals.ts'
import { hex, mix } from './color.ts'
import { litColor, paintBalloon, paintBirds, paintBoat } from './figures.ts'
import { paintGrove } from './grove.ts'
import { headland, rowAt } from './headland.ts'
import { paintRidge } from './land.ts'
import { paintCactus, paintFlowers, paintGrass, paintReeds } from './plants.ts'
import { between, makeRandom, pick } from './random.ts'
import type { Ridge } from './ridges.ts'
import type { View } from './view.ts'
import { within } from './view.ts'
import { paintRain, paintSnowfall } from './weather.ts'

/** What stands in front of everything. */
export function* paintFront(view: View, ridges: readonly Ridge[]): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { tags, side, land, season, palette, water } = scene
  const { unit, w, h } = canvas
  const random = makeRandom(scene.hash, 104)
  const light = -side
  const animal = (['fox', 'cat', 'dog'] as Animal[]).find((kind) => tags.has(kind))
  const stage = animal !== undefined || tags.has('person')
  const last = ridges.at(-1)

  if (tags.has('balloon')) {
    const colors = [scene.things.get('balloon') ?? hex('d8402e'), hex('e8a02a'), hex('2a8a9a'), hex('7a4ab0')]
    for (const [k, size] of [0.26, 0.13, 0.09, 0.06].entries()) {
      const bx = w * (0.5 + side * between(random, 0.06, 0.2) * (k % 2 === 0 ? 1 : -1.3))
      const y = horizon * between(random, 0.55, 0.85) - unit * size * 0.3
      paintBalloon(canvas, scene, { x: bx, y, size: unit * size, face: 1 }, colors[k]!)
    }
  }
  if (tags.has('birds') || (land === 'sea' && scene.time !== 'night' && random() < 0.6)) {
    paintBirds(
      canvas,
      scene,
      w * (0.5 + light * between(random, 0, 0.2)),
      horizon * between(random, 0.3, 0.55),
      random,
    )
  }
  if (
    tags.has('boat') ||
    ((land === 'sea' || land === 'lake') && !tags.has('lighthouse') && !stage && random() < 0.35)
  ) {
    const size = unit * (tags.has('boat') ? between(random, 0.24, 0.3) : between(random, 0.08, 0.13))
    const bx = w * (0.5 + (tags.has('lighthouse') ? light : side) * between(random, 0.02, 0.16))
    if (water) paintBoat(canvas, scene, { x: bx, y: horizon + size * 0.4, size, face: side })
  }
  yield 0.25
  const leafy = season === 'autumn' || season === 'spring' || (land === 'meadow' && season === 'none')
  if (leafy && land !== 'city' && land !== 'sea' && land !== 'desert')
    yield* within(0.25, 0.6, paintGrove(view, last))
  yield 0.6
  const ink = mix(palette.ink, palette.haze, 0.05)
  if (land === 'sea' || tags.has('lighthouse')) {
    const rock = headland(
      view,
      light,
      between(random, 0.06, 0.15),
      between(random, 0.22, 0.42),
      h + unit * 0.01,
      0.98,
    )
    paintRidge(view, rock, () => h)
  } else if (land === 'desert') {
    if (tags.has('cactus') || random() < 0.7) {
      for (const [k, size] of [0.3, 0.13, 0.08].entries()) {
        const cx = w * (0.5 + (k === 1 ? light : side) * between(random, 0.26, 0.44))
        paintCactus(
          view,
          cx,
          Math.min(h - unit * 0.02, (last ? rowAt(last, cx) : h) + unit * 0.05),
          unit * size,
        )
      }
    }
  } else if (water && land !== 'city' && season !== 'snow' && !stage) {
    paintReeds(view, pick(random, [side, light]), ink)
    paintGrass(view, 0.1, ink, 105)
  } else if (season === 'none' && !water) {
    paintGrass(view, 0.13, mix(ink, litColor(scene, hex('5f7f3a'), 0.5), 0.35), 106)
  } else if (season === 'spring' && last && !water) paintFlowers(view, last.base - last.tall * 0.3)
  if (stage) {
    if (water || land === 'city') {
      const shore = headland(view, side, 0.12, 0.75, h + unit * 0.03, 0.95)
      paintRidge(view, season === 'snow' ? { ...shore, kind: 'hill' } : shore, () => h)
    }
    const y = h - unit * (water ? 0.06 : 0.08)
    const x = w * (0.5 + side * between(random, 0.12, 0.2))
    if (animal) paintAnimal(canvas, scene, animal, { x, y, size: unit * 0.46, face: -side })
    else paintPerson(canvas, scene, { x, y, size: unit * 0.26, face: side })
  }
  yield 0.85
  if (tags.has('rain') || (scene.time === 'storm' && random() < 0.7)) paintRain(view)
  if (season === 'snow') paintSnowfall(view)
  yield 1
}
