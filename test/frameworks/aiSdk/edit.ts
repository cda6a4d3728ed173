// An image that is given in the prompt.
import { readFile, writeFile } from 'node:fs/promises'
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import { generateImage } from 'ai'

const flowscale = createFlowscale(
  createClient({ baseUrl: process.env.FLOWSCALE_API_URL!, apiKey: process.env.FLOWSCALE_API_KEY! }),
)

const { image } = await generateImage({
  model: flowscale.image('a9bc45rt2kpm', { map: { prompt: 'prompt', image: 'image_input' } }),
  prompt: { text: 'in oil', images: [await readFile('photo.png')] },
})
await writeFile('oil.png', image.uint8Array)
