/** How the brush is led. */
export interface Style {
  /** Of the largest brush. */
  readonly size: number
  /** Of a stroke, in brush radii to each side. */
  readonly length: number
  readonly opacity: number
  /** Higher leaves more of the coarse layers as they are. */
  readonly detail: number
  readonly jitter: number
  readonly relief: number
  readonly paper: number
  readonly chroma: number
}

const OIL: Style = {
  size: 1,
  length: 3,
  opacity: 0.95,
  detail: 1,
  jitter: 0.035,
  relief: 0.075,
  paper: 0.006,
  chroma: 1.08,
}

const STYLES: readonly (readonly [words: RegExp, change: Partial<Style>])[] = [
  [
    /\bwater ?colou?r|aquarelle|\bink wash/,
    { size: 1.25, opacity: 0.6, relief: 0.012, paper: 0.02, detail: 1.3, jitter: 0.05 },
  ],
  [
    /\bsketch|pencil|charcoal|drawing|black and white|monochrom/,
    { size: 0.6, length: 4.5, chroma: 0.12, relief: 0.03, paper: 0.03 },
  ],
  [/\bpastel|crayon|chalk/, { opacity: 0.75, paper: 0.035, relief: 0.03, jitter: 0.06 }],
  [
    /impressionis|monet|van gogh|expressive|impasto/,
    { size: 1.2, length: 3.6, detail: 1.7, jitter: 0.075, relief: 0.11, chroma: 1.2 },
  ],
  [/abstract|bold|loose/, { size: 1.8, length: 4, detail: 2.4, jitter: 0.07 }],
  [/detailed|realistic|photo|fine|sharp/, { size: 0.65, detail: 0.65, jitter: 0.02, relief: 0.04 }],
  [/vivid|vibrant|colou?rful|neon|pop art/, { chroma: 1.4 }],
  [/muted|faded|vintage|desaturated/, { chroma: 0.65 }],
]

/** The style that a prompt names: oil paint unless it says otherwise. */
export function styleOf(prompt: string): Style {
  const text = prompt.slice(0, 4000).toLowerCase()
  const changes = STYLES.filter(([words]) => words.test(text)).map(([, change]) => change)
  return Object.assign({}, OIL, ...changes) as Style
}
