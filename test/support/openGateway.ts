import {
  comfyui,
  createGateway,
  type Gateway,
  type GatewayOptions,
  type WorkflowFile,
} from '@flowscale/gateway'
import { readWorkflows, serve } from '@flowscale/gateway/node'
import { graphOf } from '../unit/gateway/comfyui/kit.ts'
import { CANARY } from './canary.ts'

// A gateway before a ComfyUI, in this process.

/** The workflows of the conformance cases. */
export const workflows: readonly WorkflowFile[] = await readWorkflows('test/conformance/gateway')

export interface Opened {
  readonly gateway: Gateway
  /** What it listens on. */
  readonly url: string
  close(): Promise<void>
}

export async function openGateway(
  comfyUrl: string,
  options: Partial<GatewayOptions> & { lostAfterMs?: number } = {},
): Promise<Opened> {
  const { lostAfterMs, ...rest } = options
  const engine = comfyui({ url: comfyUrl, lostAfterMs })
  const gateway = createGateway({ engine, workflows, apiKey: CANARY, ...rest })
  const served = await serve(gateway)
  return {
    gateway,
    url: served.url,
    async close() {
      gateway.close()
      await served.close()
    },
  }
}

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
