import { clamp, smoothstep, toLab } from './color.ts'
import type { LabPicture } from './planes.ts'
import type { Scene } from './scene.ts'

const STOPS: readonly number[] = [0.08, 0.32, 0.52, 0.7, 0.86, 1]
const STEPS = 512

/** Shifts the colours of rows y0..y1 towards the light of a scene; light and dark stay in their places. */
export function makeGrade(
  scene: Scene,
  chroma: number,
): (picture: LabPicture, y0: number, y1: number) => void {
  const { sky, ink, sun } = scene.palette
  // From dark to light: ink, zenith, high, low, horizon, sun.
  const tones = [ink, sky[3], sky[2], sky[1], sky[0], sun].map(toLab)
  const pull = scene.steered ? 0.62 : 0.42
  const dim = { dawn: 1, day: 1.02, dusk: 0.95, night: 0.76, storm: 0.86 }[scene.time]
  const targetA = new Float32Array(STEPS + 1)
  const targetB = new Float32Array(STEPS + 1)
  for (let i = 0; i <= STEPS; i++) {
    const l = i / STEPS
    let k = 0
    while (k < STOPS.length - 2 && l > STOPS[k + 1]!) k++
    const t = smoothstep(STOPS[k]!, STOPS[k + 1]!, l)
    targetA[i] = tones[k]![1] + (tones[k + 1]![1] - tones[k]![1]) * t
    targetB[i] = tones[k]![2] + (tones[k + 1]![2] - tones[k]![2]) * t
  }
  return ({ w, lab }, y0, y1) => {
    for (let i = y0 * w * 3; i < y1 * w * 3; i += 3) {
      const l = clamp(lab[i]!)
      const a = lab[i + 1]!
      const b = lab[i + 2]!
      // What is grey takes the light of the scene; what has a strong colour keeps most of it.
      const own = Math.sqrt(a * a + b * b)
      const t = pull * (0.32 + 0.68 / (1 + (own / 0.09) ** 2))
      const k = Math.floor(l * STEPS)
      lab[i] = clamp((l + 0.1 * (l * l * (3 - 2 * l) - l)) * dim, 0.02, 1)
      lab[i + 1] = (a * 1.12 * (1 - t) + targetA[k]! * t) * chroma
      lab[i + 2] = (b * 1.12 * (1 - t) + targetB[k]! * t) * chroma
    }
  }
}
