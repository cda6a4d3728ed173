export type Random = () => number

/** 32 well-mixed bits of any text (every UTF-16 unit counts, order too). */
export function hashText(text: string): number {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  return (a ^ (a >>> 15)) >>> 0
}

/** A mulberry32 stream of numbers in [0, 1); `stream` separates the uses of one hash. */
export function makeRandom(hash: number, stream = 0): Random {
  let state = (hash ^ Math.imul(stream + 1, 0x6c8e9cf5)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T
}

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random()
}

export interface Noise {
  /** Smooth gradient noise, about -1..1. */
  at(x: number, y: number): number
  /** Fractal sum of `octaves` layers of noise, about -1..1. */
  fbm(x: number, y: number, octaves: number): number
  /** Sharp-crested fractal noise, 0..1. */
  ridged(x: number, y: number, octaves: number): number
}

export function makeNoise(hash: number, stream: number): Noise {
  const random = makeRandom(hash, stream)
  const perm = new Uint8Array(512)
  const gx = new Float32Array(256)
  const gy = new Float32Array(256)
  for (let i = 0; i < 256; i++) {
    perm[i] = i
    const angle = random() * Math.PI * 2
    gx[i] = Math.cos(angle) * 1.5
    gy[i] = Math.sin(angle) * 1.5
  }
  for (let i = 255; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const swap = perm[i]!
    perm[i] = perm[j]!
    perm[j] = swap
  }
  perm.copyWithin(256, 0, 256)

  function at(x: number, y: number): number {
    const fx = Math.floor(x)
    const fy = Math.floor(y)
    const dx = x - fx
    const dy = y - fy
    const ix = fx & 255
    const iy = fy & 255
    const p0 = perm[ix]! + iy
    const p1 = perm[(ix + 1) & 255]! + iy
    const a = perm[p0 & 511]!
    const b = perm[p1 & 511]!
    const c = perm[(p0 + 1) & 511]!
    const d = perm[(p1 + 1) & 511]!
    const u = dx * dx * dx * (dx * (dx * 6 - 15) + 10)
    const v = dy * dy * dy * (dy * (dy * 6 - 15) + 10)
    const top = gx[a]! * dx + gy[a]! * dy
    const topRight = gx[b]! * (dx - 1) + gy[b]! * dy
    const low = gx[c]! * dx + gy[c]! * (dy - 1)
    const lowRight = gx[d]! * (dx - 1) + gy[d]! * (dy - 1)
    const upper = top + (topRight - top) * u
    return upper + (low + (lowRight - low) * u - upper) * v
  }

  function fbm(x: number, y: number, octaves: number): number {
    let sum = 0
    let gain = 0.55
    for (let o = 0; o < octaves; o++) {
      sum += at(x, y) * gain
      gain *= 0.5
      // Turning a little between octaves hides the lattice.
      const turned = x * 1.64 - y * 1.14 + 17.3
      y = x * 1.14 + y * 1.64 + 5.7
      x = turned
    }
    return sum
  }

  function ridged(x: number, y: number, octaves: number): number {
    let sum = 0
    let gain = 0.55
    let previous = 1
    for (let o = 0; o < octaves; o++) {
      const crest = 1 - Math.min(1, Math.abs(at(x, y)) * 1.35)
      sum += crest * crest * gain * previous
      previous = 0.3 + 0.7 * crest
      gain *= 0.5
      x = x * 2.03 + 11.1
      y = y * 2.03 + 3.7
    }
    return sum
  }

  return { at, fbm, ridged }
}
