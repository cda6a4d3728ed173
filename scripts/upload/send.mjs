// Uploads one file one way, and prints how long it took and how much memory.
import { createClient, executeWorkflow, toFile } from '@flowscale/client'
import { measure } from './measure.mjs'

const [way, url, file] = process.argv.slice(2)
const client = createClient({ baseUrl: url, timeoutMs: 600_000 })

await measure(async (blob) => {
  if (way === 'executeWorkflow') {
    return (await executeWorkflow(client, 'upload', { file: toFile(blob, 'large.bin') })).data.bytes
  }
  const form = new FormData()
  form.append('file', blob, 'large.bin')
  const redirect = way === 'bare fetch' ? 'follow' : 'error'
  const init = { method: 'POST', body: form, redirect }
  return (await (await fetch(`${url}/api/v1/runs?workflow_id=upload`, init)).json()).data.bytes
}, file)
