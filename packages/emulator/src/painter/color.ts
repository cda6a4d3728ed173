/** Linear-light sRGB, 0..1 and above for lights. */
export type Rgb = readonly [number, number, number]
/** OKLab. */
type Lab = readonly [number, number, number]

export function clamp(value: number, low = 0, high = 1): number {
  if (value < low) return low
  if (value > high) return high
  return value
}

export function smoothstep(low: number, high: number, value: number): number {
  const t = clamp((value - low) / (high - low))
  return t * t * (3 - 2 * t)
}

export function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

export function toSrgb(value: number): number {
  return value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055
}

/** Makes `toSrgb` for bytes, by a table: powers for each pixel would be slow. A byte array cuts its fractions. */
export function makeToByte(): (light: number) => number {
  const curve = new Float32Array(4097)
  for (let i = 0; i <= 4096; i++) curve[i] = toSrgb((i / 4096) ** 2) * 255 + 0.5
  // The square root makes the steps finer in the dark.
  return (light) => curve[Math.round(Math.sqrt(clamp(light)) * 4096)]!
}

/** '#rrggbb' (or 'rrggbb') as linear light. */
export function hex(text: string): Rgb {
  const n = Number.parseInt(text.replace('#', ''), 16)
  return [toLinear((n >> 16) / 255), toLinear(((n >> 8) & 255) / 255), toLinear((n & 255) / 255)]
}

export function toLab(c: Rgb): Lab {
  const l = Math.cbrt(0.4122214708 * c[0] + 0.5363325363 * c[1] + 0.0514459929 * c[2])
  const m = Math.cbrt(0.2119034982 * c[0] + 0.6806995451 * c[1] + 0.1073969566 * c[2])
  const s = Math.cbrt(0.0883024619 * c[0] + 0.2817188376 * c[1] + 0.6299787005 * c[2])
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

export function fromLab(c: Lab): Rgb {
  const l = (c[0] + 0.3963377774 * c[1] + 0.2158037573 * c[2]) ** 3
  const m = (c[0] - 0.1055613458 * c[1] - 0.0638541728 * c[2]) ** 3
  const s = (c[0] - 0.0894841775 * c[1] - 1.291485548 * c[2]) ** 3
  return [
    Math.max(0, 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    Math.max(0, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    Math.max(0, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

/** Perceptual mix (through OKLab). */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  const p = toLab(a)
  const q = toLab(b)
  return fromLab([p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t, p[2] + (q[2] - p[2]) * t])
}

export function scale(c: Rgb, k: number): Rgb {
  return [c[0] * k, c[1] * k, c[2] * k]
}

export function multiply(a: Rgb, b: Rgb): Rgb {
  return [a[0] * b[0], a[1] * b[1], a[2] * b[2]]
}

/** Turn the hue by `radians`, scale the chroma and the lightness. */
export function shift(c: Rgb, radians: number, chroma: number, lightness: number): Rgb {
  const lab = toLab(c)
  const cos = Math.cos(radians) * chroma
  const sin = Math.sin(radians) * chroma
  return fromLab([lab[0] * lightness, lab[1] * cos - lab[2] * sin, lab[1] * sin + lab[2] * cos])
}

/** Keep the lightness of `c`, take hue and (most of the) chroma of `tint` by `t`. */
export function tinted(c: Rgb, tint: Rgb, t: number): Rgb {
  const p = toLab(c)
  const q = toLab(tint)
  const strength = 0.45 + 0.75 * Math.sin(Math.PI * clamp(p[0], 0.12, 0.9))
  const light = p[0] + (q[0] - p[0]) * 0.15 * t
  return fromLab([
    light,
    p[1] + (q[1] * strength * 0.85 - p[1]) * t,
    p[2] + (q[2] * strength * 0.85 - p[2]) * t,
  ])
}
