export interface Size {
  readonly width: number
  readonly height: number
}

/** The size, or a smaller size of the same shape with at most `mostPixels` pixels. Both sides are multiples of `step`. */
export function limitSize({ width, height }: Size, mostPixels: number, step = 1): Size {
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)))
  const side = (length: number): number => Math.max(step, Math.floor((length * scale) / step) * step)
  return { width: side(width), height: side(height) }
}
