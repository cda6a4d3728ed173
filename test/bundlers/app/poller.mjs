import { createClient } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'

globalThis.app = async ({ options, workflow, inputs, waits }) =>
  (await executeWorkflowAsync(createClient(options), workflow, inputs, waits)).outputs.length
