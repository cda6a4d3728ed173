import { convertIndexedToRgb, type DecodedPng, decode as decodePngPixels, hasPngSignature } from 'fast-png'
import { decode as decodeJpegPixels } from 'jpeg-js'

/** A picture in memory, four bytes a pixel. */
export interface Picture {
  rgba: Uint8Array
  width: number
  height: number
}

/** Decodes a PNG or a JPEG, whatever its name says; every fault is an error that names the file. */
export function decodeImage(data: Uint8Array, name: string): Picture {
  if (hasPngSignature(data)) return decodePng(data, name)
  if (data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff) return decodeJpeg(data, name)
  throw new Error(`${name} is not a PNG or JPEG image`)
}

/** Decodes a PNG of any kind; every fault is an error that names the file. */
function decodePng(data: Uint8Array, name: string): Picture {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [width, height] = data.byteLength >= 24 ? [view.getUint32(16), view.getUint32(20)] : [0, 0]
  checkSize(width, height, 'PNG', name)
  try {
    const image = decodePngPixels(data, { checkCrc: true })
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

type Pixels = Pick<DecodedPng, 'data' | 'width' | 'height' | 'depth' | 'channels'>

/** Grey, grey with alpha, RGB or RGBA of 1 to 16 bits a sample, as RGBA of 8 bits. */
function toRgba({ data, width, height, depth, channels }: Pixels): Uint8Array {
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

/** Decodes a JPEG, baseline or progressive, the right way up; every fault is an error that names the file. */
function decodeJpeg(data: Uint8Array, name: string): Picture {
  const header = readJpegHeader(data)
  checkSize(header.width, header.height, 'JPEG', name)
  try {
    const limits = { maxResolutionInMP: 100, maxMemoryUsageInMB: 1024 }
    const { data: rgba, width, height } = decodeJpegPixels(data, { useTArray: true, ...limits })
    return turn({ rgba, width, height }, header.orientation)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${name} is not a readable JPEG image: ${message}`, { cause: error })
  }
}

interface JpegHeader {
  /** Zero where there is no frame. */
  width: number
  height: number
  /** How to turn the picture, by its EXIF, from 1 (not at all) to 8. */
  orientation: number
}

/** What the segments before the pixels say. */
function readJpegHeader(data: Uint8Array): JpegHeader {
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

/** A picture as it is meant to be seen, by its EXIF orientation. */
function turn({ rgba, width, height }: Picture, orientation: number): Picture {
  if (orientation === 1) return { rgba, width, height }
  const swapped = orientation >= 5
  const [w, h] = swapped ? [height, width] : [width, height]
  const fromRight = [2, 3, 7, 8].includes(orientation)
  const fromBottom = [3, 4, 6, 7].includes(orientation)
  const from = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height)
  const to = new Uint32Array(w * h)
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [column, row] = swapped ? [y, x] : [x, y]
      const sourceX = fromRight ? width - 1 - column : column
      const sourceY = fromBottom ? height - 1 - row : row
      to[y * w + x] = from[sourceY * width + sourceX]!
    }
  }
  return { rgba: new Uint8Array(to.buffer), width: w, height: h }
}

const MOST_PIXELS = 4096 * 4096

/** Before decoding: a few bytes can claim a picture that no memory holds. */
function checkSize(width: number, height: number, kind: 'PNG' | 'JPEG', name: string): void {
  if (width === 0 || height === 0) {
    throw new Error(`${name} is not a readable ${kind} image: it has no size`)
  }
  if (width * height > MOST_PIXELS) {
    throw new Error(`${name} is ${width} x ${height} pixels; at most ${MOST_PIXELS} pixels are taken`)
  }
}
