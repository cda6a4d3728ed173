import type { Picture } from './checkSize.ts'

/** A picture as it is meant to be seen, by its EXIF orientation. */
export function turn({ rgba, width, height }: Picture, orientation: number): Picture {
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
