// Runs a workflow on Deno and saves what it makes.
//   deno run --allow-net --allow-env=FLOWSCALE_API_URL,FLOWSCALE_API_KEY --allow-write=. deno.ts "a red fox in snow"
import { createClient, downloadOutput, isFlowScaleError } from 'npm:@flowscale/client'
import { executeWorkflowAsync } from 'npm:@flowscale/client/poller'

const baseUrl = Deno.env.get('FLOWSCALE_API_URL') || 'http://127.0.0.1:4188'
const apiKey = Deno.env.get('FLOWSCALE_API_KEY') || 'fsk_local_demo_key'

const prompt = Deno.args[0] ?? 'a red fox in snow'
const client = createClient({ baseUrl, apiKey })

try {
  const { outputs } = await executeWorkflowAsync(
    client,
    'bncu0a1kipv',
    { text_51536: prompt },
    {
      onSubmitted: ({ runId }) => console.log(`Submitted ${runId}`),
      onUpdate: ({ status }) => console.log(`The run is ${status}`),
    },
  )
  for (const output of outputs) {
    const file = output.filename.replace(/^.*[/\\]/, '')
    const { body } = await downloadOutput(client, output)
    await Deno.writeFile(file, body ?? new Uint8Array())
    console.log(`Saved ${file}`)
  }
} catch (error) {
  if (!isFlowScaleError(error)) throw error
  console.error(`${error.code}: ${error.message}`)
  Deno.exit(1)
}
