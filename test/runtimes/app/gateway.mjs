// A picture made, then sent back in, and the progress of a slow run, through a gateway in this very process.
import { createClient, downloadOutput, getRuns, toFile } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { comfyui, createGateway } from '@flowscale/gateway'

export async function trip(url, workflows) {
  const gateway = createGateway({ engine: comfyui({ url }), workflows, apiKey: 'a-key' })
  const { fetch } = gateway
  const client = createClient({ baseUrl: gateway.url, apiKey: 'a-key', fetch })
  const options = { pollIntervalMs: 100, groupId: 'trip', timeoutMs: 60_000 }
  const run = async (workflow, inputs) => {
    const { outputs } = await executeWorkflowAsync(client, workflow, inputs, options)
    return new Uint8Array(await (await downloadOutput(client, outputs[0])).arrayBuffer())
  }
  const drawn = await run('text-to-image', { prompt: 'a red fox', size: 64 })
  const sent = await run('image-to-image', { photo: toFile(drawn, 'drawn.png', { type: 'image/png' }) })
  // Progress comes by ComfyUI's WebSocket.
  let isLive = false
  await executeWorkflowAsync(
    client,
    'slow',
    {},
    {
      ...options,
      onProgress({ progress }) {
        isLive ||= progress > 0 && progress < 1
      },
    },
  )
  const { data } = await getRuns(client, { groupId: 'trip' })
  gateway.close()
  return [drawn, sent].map((bytes) => String.fromCharCode(...bytes.slice(1, 4))).concat(data.count, isLive)
}
