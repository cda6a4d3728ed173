import type { WorkflowDefinition } from '../types.ts'
import { drive } from './drive.ts'
import { encodePng } from './encodePng.ts'
import { paintScene } from './paintScene.ts'

const WIDTH = 512
const HEIGHT = 512

export const diptych: WorkflowDefinition = {
  id: 'd1ptych7two2',
  name: 'Diptych',
  description: 'Two images from one prompt, or from one prompt each',
  inputs: { prompt: { kind: 'string', array: true }, seed: { kind: 'number', seed: true } },
  outputs: { left_image: 'image', right_image: 'image' },
  async run(inputs, context) {
    const prompts = [inputs.prompt].flat().map(String)
    if (prompts.length > 2) throw new Error(`prompt takes one or two texts, got ${prompts.length}`)
    const [left = '', right = left] = prompts
    const seed = Number(inputs.seed)

    const size = { width: WIDTH, height: HEIGHT }
    const first = paintScene({ prompt: left, seed, ...size })
    const leftPixels = await drive(first, 1500, context, { from: 0, to: 0.5 })
    // Another seed, or one prompt would give the same picture twice.
    const second = paintScene({ prompt: right, seed: seed + 1, ...size })
    const rightPixels = await drive(second, 1500, context, { from: 0.5, to: 1 })

    const left_image = encodePng(leftPixels, WIDTH, HEIGHT)
    await context.sleep(0)
    return { left_image, right_image: encodePng(rightPixels, WIDTH, HEIGHT) }
  },
}
