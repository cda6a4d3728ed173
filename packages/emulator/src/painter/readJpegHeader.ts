export interface JpegHeader {
  /** Zero where there is no frame. */
  width: number
  height: number
  /** How to turn the picture, by its EXIF, from 1 (not at all) to 8. */
  orientation: number
}

/** What the segments before the pixels say. */
export function readJpegHeader(data: Uint8Array): JpegHeader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let orientation = 1
  let at = 2
  while (at + 9 <= data.byteLength && data[at] === 0xff) {
    const marker = data[at + 1]!
    const length = marker === 0xff ? 0 : view.getUint16(at + 2)
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), orientation }
    }
    if (marker === 0xe1) orientation = readOrientation(data.subarray(at + 4, at + 2 + length)) ?? orientation
    // Any number of fill bytes may come before a marker.
    at += marker === 0xff ? 1 : 2 + length
  }
  return { width: 0, height: 0, orientation }
}

const EXIF = 'Exif\0\0'
const ORIENTATION = 0x0112

function readOrientation(segment: Uint8Array): number | null {
  if (String.fromCharCode(...segment.subarray(0, EXIF.length)) !== EXIF) return null
  const tiff = segment.subarray(EXIF.length)
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  if (tiff.byteLength < 8) return null
  const little = view.getUint16(0) === 0x4949
  const directory = view.getUint32(4, little)
  if (directory + 2 > tiff.byteLength) return null
  const count = view.getUint16(directory, little)
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + i * 12
    if (entry + 12 > tiff.byteLength) return null
    if (view.getUint16(entry, little) !== ORIENTATION) continue
    const value = view.getUint16(entry + 8, little)
    return value >= 1 && value <= 8 ? value : null
  }
  return null
}
