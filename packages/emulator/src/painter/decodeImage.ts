import { hasPngSignature } from 'fast-png'
import type { Picture } from './checkSize.ts'
import { decodeJpeg } from './decodeJpeg.ts'
import { decodePng } from './decodePng.ts'

/** Decodes a PNG or a JPEG, whatever its name says; every fault is an error that names the file. */
export function decodeImage(data: Uint8Array, name: string): Picture {
  if (hasPngSignature(data)) return decodePng(data, name)
  if (data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff) return decodeJpeg(data, name)
  throw new Error(`${name} is not a PNG or JPEG image`)
}
