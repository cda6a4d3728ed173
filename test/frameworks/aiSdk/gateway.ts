// As check.ts, on the gateway in front of a ComfyUI: real files, and an abort that stops a run there.
import { readFile } from 'node:fs/promises'
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import * as ai from 'ai'

const flowscale = createFlowscale(
  createClient({ baseUrl: process.env.FLOWSCALE_API_URL!, apiKey: process.env.FLOWSCALE_API_KEY! }),
)
const photo = await readFile(process.env.PHOTO!)
const map = { prompt: 'prompt', image: 'image_input', seed: 'seed_3' }
const said: Record<string, unknown> = {}

const { images } = await ai.generateImage({
  model: flowscale.image('a9bc45rt2kpm', { map, groupId: 'three' }) as ai.ImageModel,
  ...{ prompt: { text: 'in oil', images: [photo] }, n: 3, seed: 7 },
})
said.three = images.map(({ base64 }) => base64.slice(0, 8))
said.distinct = new Set(images.map(({ base64 }) => base64)).size

const controller = new AbortController()
const onSubmitted = () => setTimeout(() => controller.abort('enough'), 200)
said.abort = await ai
  .generateImage({
    model: flowscale.image('a9bc45rt2kpm', { map, groupId: 'abort', onSubmitted }) as ai.ImageModel,
    prompt: { text: 'in chalk', images: [photo] },
    abortSignal: controller.signal,
  })
  .catch((error: unknown) => error)

const { video } = await ai.experimental_generateVideo({
  model: flowscale.video('film') as never,
  prompt: 'sea',
})
said.video = [video.mediaType, video.uint8Array.length > 100]

console.log(JSON.stringify(said))
