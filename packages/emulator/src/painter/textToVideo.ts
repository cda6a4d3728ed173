import type { WorkflowDefinition } from '../types.ts'
import { decodeImage } from './decodeImage.ts'
import { drive } from './drive.ts'
import { paintVideo } from './paintVideo.ts'

const LEAST_SECONDS = 1
const MOST_SECONDS = 4

export const textToVideo: WorkflowDefinition = {
  id: 't3xt2v1deo00',
  name: 'Text to Video',
  description: 'Generate a short video from text, or from an image',
  inputs: {
    prompt: 'string',
    seed: { kind: 'number', seed: true },
    image: { kind: 'image', required: false },
    duration: { kind: 'number', required: false },
  },
  outputs: { video_output: 'video' },
  async run(inputs, context) {
    const seconds = Number(inputs.duration ?? 2)
    if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
      throw new Error(`duration must be from ${LEAST_SECONDS} to ${MOST_SECONDS} seconds, got ${seconds}`)
    }
    const { image: file } = inputs
    const image =
      typeof file === 'object' && !Array.isArray(file) ? decodeImage(file.data, file.name) : undefined
    await context.sleep(0)
    const steps = paintVideo({
      prompt: String(inputs.prompt),
      seed: Number(inputs.seed),
      width: 512,
      height: 288,
      durationMs: seconds * 1000,
      image,
    })
    return { video_output: { data: await drive(steps, 4000, context), type: 'video/mp4' } }
  },
}
