/** Four 32-bit words from a text. Well mixed and quick, but no security: it only has to be repeatable. */
function hash(text: string): [number, number, number, number] {
  let a = 1779033703
  let b = 3144134277
  let c = 1013904242
  let d = 2773480762
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = b ^ Math.imul(a ^ code, 597399067)
    b = c ^ Math.imul(b ^ code, 2869860233)
    c = d ^ Math.imul(c ^ code, 951274213)
    d = a ^ Math.imul(d ^ code, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  a ^= b ^ c ^ d
  return [a >>> 0, (b ^ a) >>> 0, (c ^ a) >>> 0, (d ^ a) >>> 0]
}

export type Random = () => number

/** The generator sfc32: the same text gives the same numbers, from 0 up to 1, in every runtime. */
export function createRandom(seed: string): Random {
  let [a, b, c, d] = hash(seed)
  return () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }
}

function pick(random: Random, alphabet: string, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += alphabet[Math.floor(random() * alphabet.length)]
  return text
}

const HEX = '0123456789abcdef'

/** In the form of a UUID of version 4. */
export function makeRunId(random: Random): string {
  const variant = pick(random, '89ab', 1)
  return `${pick(random, HEX, 8)}-${pick(random, HEX, 4)}-4${pick(random, HEX, 3)}-${variant}${pick(random, HEX, 3)}-${pick(random, HEX, 12)}`
}

/** Like `filename_prefix_58358_5WWF7GQUYF`. */
export function makeOutputName(random: Random): string {
  const tail = pick(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 10)
  return `filename_prefix_${pick(random, '123456789', 1)}${pick(random, '0123456789', 4)}_${tail}`
}

export function makeRequestId(random: Random): string {
  return pick(random, HEX, 32)
}

/** What stands for the signature of a download link: keyed by the seed, so no security at all. */
export function sign(seed: number, text: string): string {
  return hash(`${seed}\n${text}`)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('')
}
