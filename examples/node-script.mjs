// Runs one workflow and saves its outputs. With a picture, it transforms the picture. Ctrl+C cancels the run.
//   node examples/node-script.mjs "a lighthouse at dusk" [photo.png]
import { createClient, getRun, getWorkflows, isFlowScaleError } from '@flowscale/client'
import { fileInput, saveOutput } from '@flowscale/client/node'
import { executeWorkflowAsync } from '@flowscale/client/poller'

const baseUrl = process.env.FLOWSCALE_API_URL || 'http://127.0.0.1:4188'
const apiKey = process.env.FLOWSCALE_API_KEY || 'fsk_local_demo_key'

const [prompt = 'a lighthouse at dusk', picture] = process.argv.slice(2)

// The first Ctrl+C cancels the run, the second ends this process at once.
const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort())
const { signal } = interrupt
let submitted

try {
  const client = createClient({ baseUrl, apiKey })

  const { data: workflows } = await getWorkflows(client, { signal })
  for (const { id, name } of workflows) console.log(`${id}  ${name}`)

  const [workflowId, inputs] = picture
    ? ['a9bc45rt2kpm', { prompt, image_input: await fileInput(picture) }]
    : ['bncu0a1kipv', { text_51536: prompt }]

  const { outputs } = await executeWorkflowAsync(client, workflowId, inputs, {
    signal,
    cancelOn: 'abort',
    onSubmitted: ({ runId }) => {
      submitted = { client, runId }
      console.log(`Submitted ${runId}`)
    },
    onUpdate: ({ status }) => console.log(`The run is ${status}`),
  })

  for (const output of outputs) {
    const { path } = await saveOutput(client, output, '.', { signal })
    console.log(`Saved ${path}`)
  }
} catch (error) {
  console.error(await explain(error))
  process.exitCode = signal.aborted ? 130 : 1
}

/** One line for each kind of failure. */
async function explain(error) {
  if (signal.aborted) {
    if (!submitted) return 'Interrupted; no submitted run is known'
    const { client, runId } = submitted
    const status = await getRun(client, runId).then(
      ({ data }) => data.status,
      () => 'in an unknown state',
    )
    return `Interrupted; run ${runId} is ${status}`
  }
  if (!isFlowScaleError(error)) return error.message
  if (error.maybeSubmitted) return `${error.message} — the run may have been submitted: look with getRuns`
  switch (error.code) {
    case 'ERR_FLOWSCALE_NETWORK':
      return `No answer from ${baseUrl} (${error.message}). Start a local one: npx @flowscale/emulator`
    case 'ERR_FLOWSCALE_VALIDATION':
      return `Wrong inputs: ${error.details.map(({ field, message }) => `${field} ${message}`).join('; ')}`
    case 'ERR_FLOWSCALE_HTTP':
      if (error.status === 401 || error.status === 403) return 'The key was refused: check FLOWSCALE_API_KEY'
      return `${error.message} (request ${error.requestId})`
    case 'ERR_FLOWSCALE_RUN':
      return `The run ${error.status}: ${error.errors.join('; ') || 'no reason given'}`
    case 'ERR_FLOWSCALE_TIMEOUT':
      return error.runId ? `${error.message}; waitForResult goes on with ${error.runId}` : error.message
    default: // a wrong argument, a redirect, an answer that can't be read
      return error.message
  }
}
