import { convertIndexedToRgb, decode, hasPngSignature } from 'fast-png'
import { checkSize, type Picture } from './checkSize.ts'
import { toRgba } from './toRgba.ts'

/** Decodes a PNG of any kind; every fault is an error that names the file. */
export function decodePng(data: Uint8Array, name: string): Picture {
  if (!hasPngSignature(data)) throw new Error(`${name} is not a PNG image`)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [width, height] = data.byteLength >= 24 ? [view.getUint32(16), view.getUint32(20)] : [0, 0]
  checkSize(width, height, 'PNG', name)
  try {
    const image = decode(data, { checkCrc: true })
    // A palette beside three or four channels is only a suggestion.
    const palette = image.channels === 1 ? image.palette : undefined
    if (!palette) return { rgba: toRgba(image), width, height }
    const channels = palette[0]?.length ?? 0
    return { rgba: toRgba({ ...image, data: convertIndexedToRgb(image), depth: 8, channels }), width, height }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${name} is not a readable PNG image: ${message}`, { cause: error })
  }
}
