import { createClient } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import { executeWorkflowAsync } from '@flowscale/client/poller'

/** Runs a workflow and saves its outputs; `fileFor(filename)` says where. */
export async function generate({ baseUrl, apiKey, workflowId, inputs, fileFor, onSubmitted, onProgress }) {
  const client = createClient({ baseUrl, apiKey })

  // Submit, wait in the queue, wait for the outputs.
  const { outputs } = await executeWorkflowAsync(client, workflowId, inputs, { onSubmitted, onProgress })

  // Stream each output to a file, which is there whole or not at all. The key is not sent to where the files lie.
  for (const output of outputs) await saveOutput(client, output, fileFor(output.filename))
}
