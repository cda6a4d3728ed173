import type { DecodedPng } from 'fast-png'

type Pixels = Pick<DecodedPng, 'data' | 'width' | 'height' | 'depth' | 'channels'>

/** Grey, grey with alpha, RGB or RGBA of 1 to 16 bits a sample, as RGBA of 8 bits. */
export function toRgba({ data, width, height, depth, channels }: Pixels): Uint8Array {
  const perLine = width * channels
  const bytesPerLine = depth < 8 ? Math.ceil((perLine * depth) / 8) : perLine
  if (data.length < bytesPerLine * height) throw new Error('its data is cut off')
  const most = 2 ** depth - 1

  function sample(y: number, index: number): number {
    if (depth === 8) return data[y * bytesPerLine + index]!
    if (depth === 16) return data[y * bytesPerLine + index]! >> 8
    const bit = index * depth
    const byte = data[y * bytesPerLine + (bit >> 3)]!
    return Math.round((((byte >> (8 - depth - (bit & 7))) & most) * 255) / most)
  }

  const rgba = new Uint8Array(width * height * 4)
  const grey = channels < 3
  const hasAlpha = channels === 2 || channels === 4
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = x * channels
      const to = (y * width + x) * 4
      rgba[to] = sample(y, from)
      rgba[to + 1] = grey ? rgba[to]! : sample(y, from + 1)
      rgba[to + 2] = grey ? rgba[to]! : sample(y, from + 2)
      rgba[to + 3] = hasAlpha ? sample(y, from + channels - 1) : 255
    }
  }
  return rgba
}
