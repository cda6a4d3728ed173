// What strict types of the AI SDK 7 take, of models of both specifications.
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import { defineWorkflow } from '@flowscale/client/typed'
import {
  createProviderRegistry,
  customProvider,
  generateImage,
  experimental_generateVideo as generateVideo,
  experimental_getVideoStatus as getVideoStatus,
  experimental_startVideo as startVideo,
  wrapImageModel,
} from 'ai'

const client = createClient({ baseUrl: 'http://127.0.0.1:4188' })
const flowscale = createFlowscale(client)
const v4 = createFlowscale(client, { specification: 'v4' })
const fox = defineWorkflow<{ text_51536: string; seed?: number }, 'image'>('bncu0a1kipv', ['image'])
const model = flowscale.image(fox, { map: { prompt: 'text_51536', seed: 'seed' } })
// @ts-expect-error no such input
flowscale.image(fox, { map: { prompt: 'text_51537' } })
// @ts-expect-error no such option
flowscale.image('x', { map: { promt: 'x' } })

export async function use(): Promise<void> {
  await generateImage({ model, prompt: 'a fox' })
  await generateImage({ model: wrapImageModel({ model, middleware: [] }), prompt: 'a fox' })
  await generateVideo({ model: flowscale.video('t3xt2v1deo00'), prompt: 'waves' })
  const custom = customProvider({ imageModels: { fox: model } })
  const registry = createProviderRegistry({ flowscale, custom })
  await generateImage({ model: registry.imageModel('flowscale:bncu0a1kipv'), prompt: 'a fox' })
  await generateImage({ model: registry.imageModel('custom:fox'), prompt: 'a fox' })

  await generateImage({ model: v4.image('bncu0a1kipv'), prompt: 'a fox' })
  await generateImage({ model: createProviderRegistry({ v4 }).imageModel('v4:x'), prompt: 'a fox' })
  const video = v4.video('t3xt2v1deo00', { map: { prompt: 'prompt' } })
  await generateVideo({ model: video, prompt: 'waves', poll: { intervalMs: 1000 } })
  const { operation } = await startVideo({ model: video, prompt: 'waves' })
  await getVideoStatus(video, { operation })
}
