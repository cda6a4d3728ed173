import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createClient, downloadOutput } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'

/** Runs a workflow and saves its outputs; `fileFor(filename)` says where. */
export async function generate({ baseUrl, apiKey, workflowId, inputs, fileFor, onSubmitted, onUpdate }) {
  const client = createClient({ baseUrl, apiKey })

  // Submit, wait in the queue, wait for the outputs.
  const { outputs } = await executeWorkflowAsync(client, workflowId, inputs, { onSubmitted, onUpdate })

  // Stream each output to a file. The key is not sent to where the files lie.
  for (const output of outputs) {
    const response = await downloadOutput(client, output)
    await pipeline(response.body, createWriteStream(fileFor(output.filename)))
  }
}
