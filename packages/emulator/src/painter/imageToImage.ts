import type { WorkflowDefinition } from '../types.ts'
import { decodeImage } from './decodeImage.ts'
import { drive } from './drive.ts'
import { encodePng } from './encodePng.ts'
import { repaint } from './repaint.ts'

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
    const seed = Math.floor(context.random() * 2 ** 32)
    const steps = repaint(source, String(inputs.prompt), seed)
    const { rgb, width, height } = await drive(steps, 2000, context)
    return { transformed_image: encodePng(rgb, width, height) }
  },
}
