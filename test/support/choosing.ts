import type { WorkflowFile } from '@flowscale/gateway'
import { graphOf } from '../unit/gateway/comfyui/kit.ts'

/** A workflow with an input that takes a choice. */
export const choosing: WorkflowFile = {
  name: 'choosing',
  graph: graphOf({
    1: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 255 }],
    2: ['TestDrawText', { image: ['1', 0], text: 'a', seed: 42, style: 'plain' }],
    3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
  }),
  sidecar: { inputs: { style: { node: '2', input: 'style' } }, outputs: { picture: { node: '3' } } },
}
