// Workflows with types against the gateway in front of a ComfyUI. Those against the emulator are in test/conformance.
import { createClient } from '@flowscale/client'
import { defineWorkflow, run } from '@flowscale/client/typed'
import { assert, suite } from '#test'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import { CANARY } from '../../support/canary.ts'
import { openGateway } from '../../support/openGateway.ts'
import { graphOf } from '../gateway/comfyui/kit.ts'

const test = suite('typed workflows')
const fast = { pollIntervalMs: 10 }

test('the gateway: its files are named after the outputs', async () => {
  const comfy = await startComfy({ version: '0.8.0' })
  const images = (batch_size: number) =>
    ['EmptyImage', { width: 8, height: 8, batch_size, color: 1 }] as const
  const save = (from: string) => ['SaveImage', { images: [from, 0], filename_prefix: 'made' }] as const
  const gateway = await openGateway(comfy.url, {
    workflows: [
      {
        name: 'two',
        graph: graphOf({ 1: [...images(2)], 2: [...images(3)], 3: [...save('1')], 4: [...save('2')] }),
        sidecar: { outputs: { image: { node: '3' }, image_2: { node: '4' } } },
      },
    ],
  })
  try {
    const client = createClient({ baseUrl: gateway.url, apiKey: CANARY })
    const two = defineWorkflow('two', ['image', 'image_2'])
    const { outputs, runId } = await run(client, two, {}, fast)
    const files = Object.entries(outputs).map(([name, list]) => [name, list.map(({ filename }) => filename)])
    assert.equal(files, [
      ['image', [`image_${runId}.png`, `image_${runId}_2.png`]],
      ['image_2', [`image_2_${runId}.png`, `image_2_${runId}_2.png`, `image_2_${runId}_3.png`]],
    ])
    const wrong = defineWorkflow('two', ['image_2', 'mask'])
    const error: any = await run(client, wrong, {}, fast).catch((error) => error)
    assert.is(error.result?.outputs.length, 5)
    assert.match(error.message, /Output image_\S+\.png,image_\S+_2\.png of run/)
  } finally {
    await gateway.close()
    await comfy.stop()
  }
})
