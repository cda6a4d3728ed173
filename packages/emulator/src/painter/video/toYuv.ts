/** A picture as video has it: brightness for each pixel, colour for each square of four. */
export interface Yuv {
  readonly width: number
  readonly height: number
  readonly y: Uint8Array
  readonly u: Uint8Array
  readonly v: Uint8Array
}

/** RGB bytes in the BT.709 colours of video, limited range. Width and height are even. */
export function toYuv(rgb: Uint8Array, width: number, height: number): Yuv {
  const [y, u, v] = [width * height, (width * height) / 4, (width * height) / 4].map((n) => new Uint8Array(n))
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [rgb[i * 3]!, rgb[i * 3 + 1]!, rgb[i * 3 + 2]!]
    y![i] = 16.5 + 0.18259 * r + 0.61423 * g + 0.06201 * b
  }
  const line = width * 3
  for (let row = 0, to = 0; row < height; row += 2) {
    for (let x = 0; x < width; x += 2, to++) {
      const i = row * line + x * 3
      const mean = (n: number): number =>
        (rgb[i + n]! + rgb[i + n + 3]! + rgb[i + n + line]! + rgb[i + n + line + 3]!) / 4
      const [r, g, b] = [mean(0), mean(1), mean(2)]
      u![to] = 128.5 - 0.10064 * r - 0.33857 * g + 0.43922 * b
      v![to] = 128.5 + 0.43922 * r - 0.39894 * g - 0.04027 * b
    }
  }
  return { width, height, y: y!, u: u!, v: v! }
}
