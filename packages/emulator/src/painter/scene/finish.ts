import { blur, type Canvas } from '../canvas.ts'
import { clamp, toSrgb } from '../color.ts'
import { makeRandom } from '../random.ts'
import { strips, within } from '../steps.ts'

const CELL = 8

/** Light that spills around bright places: a small blurred picture of what is bright. */
function* makeBloom(canvas: Canvas): Generator<number, { bw: number; bh: number; data: Float32Array }> {
  const { w, h, unit, px } = canvas
  const bw = Math.ceil(w / CELL)
  const bh = Math.ceil(h / CELL)
  const data = new Float32Array(bw * bh * 3)
  yield* within(
    0,
    0.7,
    strips(canvas, 0, h, 3, (y0, y1) => {
      for (let y = y0; y < y1; y++) gather(y)
    }),
  )
  function gather(y: number): void {
    for (let x = 0; x < w; x++) {
      const i = (y * w + x) * 3
      const luma = px[i]! * 0.3 + px[i + 1]! * 0.55 + px[i + 2]! * 0.15
      const k = clamp((luma - 0.55) * 1.6, 0, 1.5) / (CELL * CELL)
      if (k === 0) continue
      const o = ((y >> 3) * bw + (x >> 3)) * 3
      for (let n = 0; n < 3; n++) data[o + n] = data[o + n]! + Math.min(2, px[i + n]!) * k
    }
  }
  for (const _ of blur(data, bw, bh, 3, Math.max(1, Math.round((unit * 0.022) / CELL)))) {
    // A small picture: blurred without a pause.
  }
  yield 1
  return { bw, bh, data }
}

/** Bloom, vignette, tone curve, grain: linear light to bytes. */
export function* finish(canvas: Canvas, hash: number, out: Uint8Array): Generator<number, void> {
  const { w, h, px } = canvas
  const { bw, bh, data } = yield* within(0, 0.45, makeBloom(canvas))
  const random = makeRandom(hash, 61)
  const curve = new Float32Array(4097)
  for (let i = 0; i <= 4096; i++) {
    const light = (i / 4096) ** 2 * 2
    const soft = light < 0.7 ? light : 0.7 + 0.3 * (1 - Math.exp(-(light - 0.7) / 0.3))
    const v = toSrgb(soft)
    // A gentle S keeps the blacks deep without crushing them.
    curve[i] = (v + 0.07 * (v * v * (3 - 2 * v) - v)) * 255
  }
  const grain = new Float32Array(4096)
  for (let i = 0; i < grain.length; i++) grain[i] = (random() + random() + random() - 1.5) * 1.7
  const develop = (y: number): void => {
    const fy = clamp((y + 0.5) / CELL - 0.5, 0, bh - 1)
    const iy = Math.min(bh - 1, Math.floor(fy))
    const ty = fy - iy
    const down = iy + 1 < bh ? bw * 3 : 0
    const vy = ((y + 0.5) / h - 0.5) ** 2
    for (let x = 0; x < w; x++) {
      const fx = clamp((x + 0.5) / CELL - 0.5, 0, bw - 1)
      const ix = Math.min(bw - 1, Math.floor(fx))
      const tx = fx - ix
      const o = (iy * bw + ix) * 3
      const right = ix + 1 < bw ? 3 : 0
      const vignette = 1 - 0.62 * (((x + 0.5) / w - 0.5) ** 2 + vy) ** 1.25
      const noise = grain[Math.floor(random() * 4096)]!
      const i = (y * w + x) * 3
      for (let n = 0; n < 3; n++) {
        const a = data[o + n]! + (data[o + right + n]! - data[o + n]!) * tx
        const b = data[o + down + n]! + (data[o + down + right + n]! - data[o + down + n]!) * tx
        const light = (px[i + n]! + (a + (b - a) * ty) * 0.5) * vignette
        const k = Math.sqrt(clamp(light * 0.5)) * 4096
        const f = Math.floor(k)
        const v = curve[f]! + (curve[Math.min(4096, f + 1)]! - curve[f]!) * (k - f)
        out[i + n] = clamp(v + noise * (0.35 + 0.65 * Math.min(1, v / 90)) + 0.5, 0, 255)
      }
    }
  }
  yield* within(
    0.45,
    1,
    strips(canvas, 0, h, 5, (y0, y1) => {
      for (let y = y0; y < y1; y++) develop(y)
    }),
  )
}
