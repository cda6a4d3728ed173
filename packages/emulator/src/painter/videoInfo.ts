import type { WorkflowDefinition } from '../types.ts'

const STEPS = 4

export const videoInfo: WorkflowDefinition = {
  id: 'v1deoinf0000',
  name: 'Video Info',
  description: 'Report the name, size and type of a video',
  inputs: { video: 'video' },
  outputs: { info_output: 'file' },
  async run({ video }, { sleep, progress }) {
    if (typeof video !== 'object' || Array.isArray(video)) throw new Error('video must be a file')
    for (let step = 1; step <= STEPS; step++) {
      await sleep(1000 / STEPS)
      progress(step / STEPS)
    }
    const { name, type, data } = video
    const info = { name, size: data.byteLength, type: type || 'application/octet-stream' }
    const text = `${JSON.stringify(info, null, 2)}\n`
    return { info_output: { data: new TextEncoder().encode(text), type: 'application/json' } }
  },
}
