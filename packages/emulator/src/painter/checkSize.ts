export interface Picture {
  rgba: Uint8Array
  width: number
  height: number
}

const MOST_PIXELS = 4096 * 4096

/** Before decoding: a few bytes can claim a picture that no memory holds. */
export function checkSize(width: number, height: number, kind: 'PNG' | 'JPEG', name: string): void {
  if (width === 0 || height === 0) {
    throw new Error(`${name} is not a readable ${kind} image: it has no size`)
  }
  if (width * height > MOST_PIXELS) {
    throw new Error(`${name} is ${width} x ${height} pixels; at most ${MOST_PIXELS} pixels are taken`)
  }
}
