export interface Size {
  readonly width: number
  readonly height: number
}

const LEAST_SIDE = 16

/** The size, or the largest below it with so many pixels; `step`: its sides are multiples of it. */
export function limitSize({ width, height }: Size, mostPixels: number, step = 1): Size {
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)))
  const side = (length: number): number => {
    return Math.max(LEAST_SIDE, Math.floor((length * scale) / step) * step)
  }
  return { width: side(width), height: side(height) }
}
