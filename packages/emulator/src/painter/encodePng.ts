import { encode } from 'fast-png'

/** A PNG of RGB bytes. */
export function encodePng(
  data: Uint8Array,
  width: number,
  height: number,
): { data: Uint8Array; type: string } {
  return { data: encode({ data, width, height, channels: 3, depth: 8 }), type: 'image/png' }
}
