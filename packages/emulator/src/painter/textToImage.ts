import type { WorkflowDefinition } from '../types.ts'
import { drive } from './drive.ts'
import { encodePng } from './encodePng.ts'
import { paintScene } from './paintScene.ts'

const WIDTH = 768
const HEIGHT = 512

export const textToImage: WorkflowDefinition = {
  id: 'bncu0a1kipv',
  name: 'Text to Image',
  description: 'Generate an image from text input',
  inputs: {
    text_51536: 'string',
    seed: { kind: 'number', seed: true },
    image_1234: { kind: 'image', required: false },
    video_1239: { kind: 'video', required: false },
  },
  outputs: { image_output: 'image' },
  async run(inputs, context) {
    const prompt = String(inputs.text_51536)
    const steps = paintScene({ prompt, seed: Number(inputs.seed), width: WIDTH, height: HEIGHT })
    return { image_output: encodePng(await drive(steps, 3000, context), WIDTH, HEIGHT) }
  },
}
