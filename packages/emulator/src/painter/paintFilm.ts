import type { OutputFile, RunContext } from '../types.ts'
import { decodeImage } from './decodeImage.ts'
import { drive } from './drive.ts'
import { limitSize } from './limitSize.ts'
import type { Sight } from './lookUpstream.ts'
import { paintVideo } from './paintVideo.ts'

/** The size of the built-in video. The files are not compressed. */
const MOST_PIXELS = 512 * 288

/** A film of two seconds over a scene, or over the picture that was sent. */
export async function paintFilm(
  { prompt, seed, picture, ...wanted }: Sight,
  totalMs: number,
  context: RunContext,
): Promise<OutputFile> {
  const image = picture && decodeImage(picture.data, picture.name)
  await context.sleep(0)
  const size = limitSize(wanted, MOST_PIXELS, 16)
  const steps = paintVideo({ prompt, seed, ...size, image })
  return { data: await drive(steps, totalMs, context), type: 'video/mp4' }
}
