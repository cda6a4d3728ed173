import type { WorkflowDefinition } from '../types.ts'
import type { Picture } from './checkSize.ts'
import { decodeImage } from './decodeImage.ts'
import { drive } from './drive.ts'
import { encodePng } from './encodePng.ts'
import { seedOf } from './seedOf.ts'
import { shrink } from './shrink.ts'
import { transformImage } from './transformImage.ts'
import { within } from './view.ts'

export const imageToImage: WorkflowDefinition = {
  id: 'a9bc45rt2kpm',
  name: 'Image to Image',
  description: 'Transform an existing image',
  inputs: { image_input: 'image', prompt: 'string' },
  outputs: { transformed_image: 'image' },
  async run(inputs, context) {
    const image = inputs.image_input
    if (typeof image !== 'object' || Array.isArray(image)) throw new Error('image_input must be a file')
    const source = decodeImage(image.data, image.name)
    await context.sleep(0)
    const seed = seedOf(inputs, context)
    const steps = repaint(source, String(inputs.prompt), seed)
    const { rgb, width, height } = await drive(steps, 2000, context)
    return { transformed_image: encodePng(rgb, width, height) }
  },
}

function* repaint(
  source: Picture,
  prompt: string,
  seed: number,
): Generator<number, { rgb: Uint8Array; width: number; height: number }> {
  const picture = yield* within(0, 0.1, shrink(source))
  const { width, height } = picture
  const rgb = yield* within(picture === source ? 0 : 0.1, 1, transformImage({ ...picture, prompt, seed }))
  return { rgb, width, height }
}
