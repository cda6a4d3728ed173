// Runs in an app with the AI SDK of one version, on one Node: what a call gives, and what it costs when it fails.
import { createHash } from 'node:crypto'
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import * as ai from 'ai'

const client = createClient({
  baseUrl: process.env.FLOWSCALE_API_URL!,
  apiKey: process.env.FLOWSCALE_API_KEY!,
})
const v3 = createFlowscale(client)
const v4 = createFlowscale(client, { specification: 'v4' })
const map = { prompt: 'prompt', seed: 'seed' } as const
const said: Record<string, unknown> = {}

const flowscale = process.env.SPECIFICATION === 'v4' ? v4 : v3
// Each version takes the models of those specifications that it knows, by its own types.
const image = (groupId: string) => flowscale.image('t1ny', { map, groupId }) as ai.ImageModel

const { images } = await ai.generateImage({ model: image('three'), prompt: 'a fox', n: 3, seed: 7 })
said.three = images.map(({ uint8Array }) => createHash('sha256').update(uint8Array).digest('hex'))
said.types = images.map(({ mediaType }) => mediaType)

const reset = await ai.generateImage({ model: image('reset'), prompt: 'a fox' }).then(
  () => ({}),
  (error: unknown) => Object(error),
)
said.reset = [ai.APICallError.isInstance(reset), reset.isRetryable, reset.maybeSubmitted]

const controller = new AbortController()
const held = flowscale.image('nev3rend5run', {
  map: {},
  groupId: 'abort',
  onSubmitted: () => setTimeout(() => controller.abort('enough'), 20),
}) as ai.ImageModel
said.abort = await ai
  .generateImage({ model: held, prompt: { images: [] }, abortSignal: controller.signal })
  .catch((error: unknown) => error)

const { video } = await ai.experimental_generateVideo({
  model: flowscale.video('t3xt2v1deo00', {
    map: { prompt: 'prompt', seed: 'seed' },
    groupId: 'video',
  }) as never,
  ...{ prompt: 'waves', seed: 1 },
})
said.video = [video.mediaType, String.fromCharCode(...video.uint8Array.slice(4, 8))]

console.log(JSON.stringify(said))
