import {
  comfyui,
  createGateway,
  type Gateway,
  type GatewayOptions,
  type WorkflowFile,
} from '@flowscale/gateway'
import { createFetch, type HttpApi } from '@flowscale/gateway/http'
import { readWorkflows, serve } from '@flowscale/gateway/node'
import type { Documented } from '../conformance/createDocumented.ts'
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

/** The same gateway, on a `handle` that sees each answer. */
function watched(gateway: Gateway, handle: HttpApi['handle']): Gateway {
  const { url } = gateway
  const fetch = createFetch({ handle, url, filesUrl: url, name: 'gateway', mayLeave: true })
  return { ...gateway, handle: (request, where) => handle(request, { filesUrl: url, ...where }), fetch }
}

export async function openGateway(
  comfyUrl: string,
  options: Partial<GatewayOptions> & { lostAfterMs?: number; watch?: Documented['watch'] } = {},
): Promise<Opened> {
  const { lostAfterMs, watch, ...rest } = options
  const engine = comfyui({ url: comfyUrl, lostAfterMs })
  const made = createGateway({ engine, workflows, apiKey: CANARY, ...rest })
  const gateway = watch ? watched(made, watch(made.handle)) : made
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
