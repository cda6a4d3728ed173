import { rowAt } from './headland.ts'
import { between, makeRandom } from './random.ts'
import type { Ridge } from './ridges.ts'
import { paintTree } from './tree.ts'
import type { View } from './view.ts'

/** Trees at both sides, small and far ones first. */
export function* paintGrove(view: View, last: Ridge | undefined): Generator<number, void> {
  const { canvas, scene, horizon } = view
  const { unit, w, h } = canvas
  const random = makeRandom(scene.hash, 107)
  const wood = scene.land === 'forest'
  const ground = (x: number): number => (last && !scene.water ? rowAt(last, x) : horizon)
  const count = wood ? 26 : scene.water ? 3 : 7
  for (let k = 0; k < count; k++) {
    const depth = 0.55 + 0.43 * (k / Math.max(1, count - 1))
    const spread = scene.water || k > count - 4 ? between(random, 0.3, 0.48) : between(random, 0.04, 0.5)
    const x = w * (0.5 + (k % 2 === 0 ? 1 : -1) * spread)
    const size = unit * (0.1 + (wood ? 0.5 : 0.42) * ((depth - 0.5) * 2) ** 2.4) * between(random, 0.8, 1.2)
    const y = scene.water
      ? h + unit * 0.02
      : Math.min(
          h + unit * 0.02,
          ground(x) + unit * 0.02 + (h - ground(x)) * ((depth - 0.55) / 0.43) ** 2 * 0.7,
        )
    paintTree(view, x, y, scene.water ? size * 1.2 : size, k, depth)
    yield (k + 1) / count
  }
}
