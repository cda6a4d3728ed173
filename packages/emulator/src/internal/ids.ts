import type { Random } from './createRandom.ts'

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
