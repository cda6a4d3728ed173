import type { OutputFile, RunContext } from '../types.ts'
import { decodeImage } from './decodeImage.ts'
import { drive } from './drive.ts'
import { encodePng } from './encodePng.ts'
import { limitSize } from './limitSize.ts'
import type { Sight } from './lookUpstream.ts'
import { paintScene } from './paintScene.ts'
import { repaint } from './repaint.ts'

const MOST_PIXELS = 1_500_000

/** A scene, or the picture that was sent, painted over. */
export async function paintPicture(
  { prompt, seed, picture, ...wanted }: Sight,
  totalMs: number,
  context: RunContext,
): Promise<OutputFile> {
  if (picture) {
    const source = decodeImage(picture.data, picture.name)
    await context.sleep(0)
    const { rgb, width, height } = await drive(repaint(source, prompt, seed), totalMs, context)
    return encodePng(rgb, width, height)
  }
  const { width, height } = limitSize(wanted, MOST_PIXELS)
  return encodePng(await drive(paintScene({ prompt, seed, width, height }), totalMs, context), width, height)
}
