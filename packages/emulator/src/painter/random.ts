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
