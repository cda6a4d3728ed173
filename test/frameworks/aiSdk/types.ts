// Models of v3, by the strict types of the AI SDK 6 and 7.
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import { defineWorkflow } from '@flowscale/client/typed'
import {
  createProviderRegistry,
  customProvider,
  generateImage,
  experimental_generateVideo as generateVideo,
  wrapImageModel,
} from 'ai'

const flowscale = createFlowscale(createClient({ baseUrl: 'http://127.0.0.1:4188' }))
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
}
