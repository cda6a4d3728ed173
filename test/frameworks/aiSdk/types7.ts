// Models of v4, by the strict types of the AI SDK 7.
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import {
  createProviderRegistry,
  generateImage,
  experimental_generateVideo as generateVideo,
  experimental_getVideoStatus as getVideoStatus,
  experimental_startVideo as startVideo,
} from 'ai'

const v4 = createFlowscale(createClient({ baseUrl: 'http://127.0.0.1:4188' }), { specification: 'v4' })

export async function use(): Promise<void> {
  await generateImage({ model: v4.image('bncu0a1kipv'), prompt: 'a fox' })
  await generateImage({ model: createProviderRegistry({ v4 }).imageModel('v4:x'), prompt: 'a fox' })
  const model = v4.video('t3xt2v1deo00', { map: { prompt: 'prompt' } })
  await generateVideo({ model, prompt: 'waves', poll: { intervalMs: 1000 } })
  const { operation } = await startVideo({ model, prompt: 'waves' })
  await getVideoStatus(model, { operation })
}
