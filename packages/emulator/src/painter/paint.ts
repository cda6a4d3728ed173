import { encode } from 'fast-png'
import { paintAudio } from './audio.ts'
import { decodeImage, type Picture } from './decodeImage.ts'
import type { Easel } from './look.ts'
import { repaint } from './repaint/repaint.ts'
import { MOST_PIXELS } from './scale.ts'
import { paintScene } from './scene/paintScene.ts'
import { drive, type Pace, paced } from './steps.ts'
import { writeText } from './text.ts'
import { paintVideo } from './video/paintVideo.ts'

/** A PNG or JPEG as it was sent; errors name it. */
interface SourceImage {
  readonly name: string
  readonly data: Uint8Array
}

interface Size {
  readonly width: number
  readonly height: number
}

interface OfGraph {
  /** The nodes by id. The PNG holds them as ComfyUI's pictures do. Default: the PNG holds no graph */
  readonly graph?: object | undefined
}

/** A file to paint. The same request gives the same bytes. */
export type PaintRequest = { readonly prompt: string; readonly seed: number } & (
  | ({ readonly kind: 'scene' } & Size & OfGraph)
  | ({ readonly kind: 'repaint'; readonly source: SourceImage } & OfGraph)
  | ({
      readonly kind: 'video'
      /** Default: 2000 */
      readonly durationMs?: number
      /** Shown instead of a painted scene; prompt and seed then decide only the direction. */
      readonly source?: SourceImage | undefined
    } & Size)
  | { readonly kind: 'audio' }
  | {
      readonly kind: 'text'
      /** How many words the text has. */
      readonly words: number
    }
)

/** The size of the built-in video. The files are not compressed. */
const MOST_VIDEO_PIXELS = 512 * 288

/** The MIME type, and the least step of progress that is worth a message. */
const KINDS: Readonly<Record<PaintRequest['kind'], { type: string; least: number }>> = {
  scene: { type: 'image/png', least: 0.018 },
  repaint: { type: 'image/png', least: 0.002 },
  video: { type: 'video/mp4', least: 0.018 },
  audio: { type: 'audio/wav', least: 1 },
  text: { type: 'text/plain; charset=utf-8', least: 0 },
}

/**
 * Paints a file and returns its bytes and MIME type, at the pace of the run that waits for it. Pictures that are larger than
 * the painter makes become smaller ones of the same shape.
 */
export async function paint(request: PaintRequest, pace: Pace): Promise<{ data: Uint8Array; type: string }> {
  const { type, least } = KINDS[request.kind]
  if (request.kind === 'audio') {
    // Tones are made at once, so they have no progress to report.
    await pace.sleep(pace.totalMs)
    return { data: paintAudio(request), type }
  }
  const source =
    'source' in request && request.source ? decodeImage(request.source.data, request.source.name) : undefined
  if (source) await pace.sleep(0)
  const easel: Easel = {}
  return { data: await drive(paced(least, stepsOf(request, source, easel)), pace, easel), type }
}

/** Yields progress; encoding is the last step. */
function* stepsOf(
  request: Exclude<PaintRequest, { kind: 'audio' }>,
  source: Picture | undefined,
  easel: Easel,
): Generator<number, Uint8Array> {
  switch (request.kind) {
    case 'scene': {
      const size = limitSize(request, MOST_PIXELS)
      return encodePng(yield* paintScene({ ...request, ...size }, easel), size, request)
    }
    case 'repaint': {
      const { rgb, ...size } = yield* repaint(source!, request.prompt, request.seed, easel)
      return encodePng(rgb, size, request)
    }
    case 'video':
      return yield* paintVideo({ ...request, ...limitSize(request, MOST_VIDEO_PIXELS, 16) }, source, easel)
    case 'text':
      return new TextEncoder().encode(yield* writeText(request))
  }
}

/** The size, or a smaller size of the same shape with at most `mostPixels` pixels. Both sides are multiples of `step`. */
function limitSize({ width, height }: Size, mostPixels: number, step = 1): Size {
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)))
  const side = (length: number): number => Math.max(step, Math.floor((length * scale) / step) * step)
  return { width: side(width), height: side(height) }
}

function encodePng(data: Uint8Array, { width, height }: Size, { graph }: OfGraph): Uint8Array {
  const picture = { data, width, height, channels: 3, depth: 8 } as const
  return encode(graph ? { ...picture, text: { prompt: chunkOf(graph) } } : picture)
}

/** The JSON of a graph as ComfyUI writes it: in ASCII, and with the name of each file in its place. */
const chunkOf = (graph: object): string =>
  JSON.stringify(graph, (_, value) => (value?.data instanceof Uint8Array ? value.name : value)).replace(
    /[^\0-\x7f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
