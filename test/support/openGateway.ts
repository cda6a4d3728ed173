// A gateway before a ComfyUI, in this process.
import {
  comfyui,
  createGateway,
  type Gateway,
  type GatewayOptions,
  type WorkflowFile,
} from '@flowscale/gateway'
import { readWorkflows, serve } from '@flowscale/gateway/node'
import { CANARY } from './canary.ts'

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
