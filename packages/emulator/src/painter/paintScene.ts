import { makeCanvas } from './canvas.ts'
import { paintCity } from './city.ts'
import { finish } from './finish.ts'
import { paintLand } from './land.ts'
import { paintAloft, paintMiddle } from './middle.ts'
import { makeNoise } from './noise.ts'
import { makeRidges } from './ridges.ts'
import { makeScene } from './scene.ts'
import { paintFront } from './scenery.ts'
import { paintSky } from './sky.ts'
import type { View } from './view.ts'
import { paced, within } from './view.ts'
import { paintWater } from './water.ts'

export interface SceneRequest {
  readonly prompt: string
  readonly seed: number
  readonly width: number
  readonly height: number
}

/** The least step of progress. */
const LEAST_STEP = 0.018

/** Text to image: a landscape steered by the words of the prompt. Yields progress, returns RGB bytes. */
export function paintScene(o: SceneRequest): Generator<number, Uint8Array> {
  return paced(LEAST_STEP, paint(o))
}

function* paint(o: SceneRequest): Generator<number, Uint8Array> {
  const scene = makeScene(o.prompt, o.seed)
  const canvas = makeCanvas(o.width, o.height)
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
  yield LEAST_STEP
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
