import { readFileSync } from 'node:fs'
import { convertIndexedToRgb, decode, encode } from 'fast-png'
import jpeg from 'jpeg-js'
import { PythonError } from '../python/PythonError.ts'
import type { Image } from './types.ts'

/** A whole picture of one pixel: this server does not draw WebP. */
export const webp: Uint8Array = Buffer.from(
  'UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA',
  'base64',
)

export function mapPixels(image: Image, map: (value: number, index: number) => number): Image {
  return { ...image, frames: image.frames.map((frame) => frame.map(map)) }
}

export function toPng(image: Image, frame = 0, text: Record<string, string> = {}): Uint8Array {
  const { width, height, frames } = image
  return encode({ width, height, data: frames[frame]!, channels: 3, depth: 8, text })
}

export function toJpeg({ width, height, frames }: Image, frame = 0, quality = 75): Uint8Array {
  const rgba = new Uint8Array(width * height * 4)
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgba.set(frames[frame]!.subarray(pixel * 3, pixel * 3 + 3), pixel * 4)
    rgba[pixel * 4 + 3] = 255
  }
  return jpeg.encode({ width, height, data: rgba }, quality).data
}

/** A file as a picture: PNG and JPEG. */
export function readPicture(path: string): Image {
  const file = readFileSync(path)
  try {
    if (file[0] === 0xff) {
      const { width, height, data } = jpeg.decode(file, { useTArray: true, formatAsRGBA: false })
      return { width, height, frames: [data] }
    }
    const png = decode(file)
    const source = png.palette ? convertIndexedToRgb(png) : png.data
    const channels = png.palette ? png.palette[0]!.length : png.channels
    const shift = png.depth === 16 ? 8 : 0
    const data = new Uint8Array(png.width * png.height * 3)
    for (let at = 0; at < data.length; at++) {
      const pixel = Math.floor(at / 3) * channels
      data[at] = source[pixel + (channels < 3 ? 0 : at % 3)]! >> shift
    }
    return { width: png.width, height: png.height, frames: [data] }
  } catch {
    throw new PythonError('PIL.UnidentifiedImageError', `cannot identify image file '${path}'`)
  }
}

/** The nearest pixels of a picture in another size. */
export function scale(image: Image, width: number, height: number): Image {
  const frames = image.frames.map((frame) => {
    const data = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y++) {
      const row = Math.floor((y * image.height) / height) * image.width
      for (let x = 0; x < width; x++) {
        const from = (row + Math.floor((x * image.width) / width)) * 3
        data.set(frame.subarray(from, from + 3), (y * width + x) * 3)
      }
    }
    return data
  })
  return { width, height, frames }
}

/** What a traceback shows of a picture. */
export const tensorText = ({ frames }: Image): string =>
  `tensor([[[[${[...frames[0]!.subarray(0, 3)].map((value) => (value / 255).toFixed(4)).join(', ')}], ...]]])`
