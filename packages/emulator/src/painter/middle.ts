import { fill, glow } from './canvas.ts'
import { hex, mix } from './color.ts'
import type { Place } from './figures.ts'
import { litColor, paintHouse, placed } from './figures.ts'
import { headland, rowAt } from './headland.ts'
import { paintRidge } from './land.ts'
import { paintBeam, paintLighthouse } from './lighthouse.ts'
import { between, makeRandom } from './random.ts'
import type { Ridge } from './ridges.ts'
import type { View } from './view.ts'
import { paintLightning, paintPlanet, paintRainbow } from './weather.ts'

/** What hangs in the sky, behind the land. */
export function paintAloft(view: View): void {
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

/** What stands on the far shore or the middle ground, before the water mirrors it. */
export function* paintMiddle(view: View, ridges: readonly Ridge[]): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { tags, side, water } = scene
  const { unit, w } = canvas
  const random = makeRandom(scene.hash, 103)
  const x = w / 2 + side * w * between(random, 0.2, 0.27)
  const middle = ridges[Math.max(0, ridges.length - 2)]
  yield 0.2
  if (tags.has('lighthouse')) {
    const rock = headland(
      view,
      side,
      between(random, 0.05, 0.2),
      between(random, 0.4, 0.56),
      horizon + unit * 0.004,
      0.8,
    )
    const lx = w / 2 + side * w * between(random, 0.22, 0.27)
    const place: Place = {
      x: lx,
      y: rowAt(rock, lx) + unit * 0.02,
      size: unit * between(random, 0.3, 0.44),
      face: -side,
    }
    const lamp = paintLighthouse(canvas, scene, place)
    yield 0.4
    paintBeam(canvas, scene, lamp, between(random, -0.16, 0.02))
    yield 0.7
    paintRidge(view, rock, () => (water ? Math.ceil(horizon) : canvas.h))
  } else if (tags.has('castle')) {
    const rock = headland(view, side, between(random, 0.16, 0.24), 0.55, horizon + unit * 0.004, 0.72)
    paintCastle(view, { x, y: rowAt(rock, x) + unit * 0.02, size: unit * 0.27, face: side })
    paintRidge(view, rock, () => (water ? Math.ceil(horizon) : canvas.h))
  } else if (tags.has('house') && middle) {
    const hx = w / 2 + side * w * 0.2
    const y = Math.min(
      water ? horizon - unit * 0.004 : canvas.h,
      rowAt({ ...middle, tops: middle.ground }, hx) + unit * 0.02,
    )
    paintHouse(canvas, scene, { x: hx, y, size: unit * 0.085, face: side })
  }
  yield 1
}

function paintCastle(view: View, at: Place): void {
  const { canvas, scene } = view
  const stone = mix(
    mix(litColor(scene, hex('8a8590'), 0.7), scene.palette.ink, 0.35),
    scene.palette.haze,
    0.2,
  )
  const towers: [number, number, number][] = [
    [-0.5, 0.16, 0.62],
    [-0.22, 0.13, 0.86],
    [0.06, 0.2, 0.7],
    [0.3, 0.11, 1],
    [0.52, 0.15, 0.56],
  ]
  fill(canvas, placed(at, [-0.6, -0.25, -0.6, 0.36, 0.62, 0.36, 0.62, -0.25]), stone)
  for (const [x, wide, tall] of towers) {
    const h = wide / 2
    fill(canvas, placed(at, [x - h, 0, x - h, tall * 0.72, x + h, tall * 0.72, x + h, 0]), stone)
    fill(
      canvas,
      placed(at, [x - h * 1.35, tall * 0.71, x, tall * 0.71 + wide * 1.7, x + h * 1.35, tall * 0.71]),
      mix(stone, scene.palette.ink, 0.5),
    )
    if (scene.time === 'day') continue
    const [wx, wy] = [at.x + x * at.size * at.face, at.y - tall * 0.5 * at.size]
    fill(
      canvas,
      placed({ ...at, x: wx, y: wy }, [-0.013, 0, -0.013, 0.06, 0.013, 0.06, 0.013, 0]),
      hex('ffd080'),
    )
    glow(canvas, wx, wy, at.size * 0.13, hex('ffb050'), 0.3)
  }
}
