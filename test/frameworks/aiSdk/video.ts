// A video that the call waits for.
import { writeFile } from 'node:fs/promises'
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import { experimental_generateVideo as generateVideo } from 'ai'

const flowscale = createFlowscale(
  createClient({ baseUrl: process.env.FLOWSCALE_API_URL!, apiKey: process.env.FLOWSCALE_API_KEY! }),
)

const { video } = await generateVideo({
  model: flowscale.video('t3xt2v1deo00', { map: { prompt: 'prompt', duration: 'duration' } }),
  prompt: 'waves at night',
  duration: 2,
})
await writeFile('waves.mp4', video.uint8Array)
