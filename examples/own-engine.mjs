// A gateway with an engine of your own: it answers with the text that it was given.
import { createClient, downloadOutput } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { createGateway } from '@flowscale/gateway'

/** @type {import('@flowscale/gateway/http').Workflow} */
const workflow = {
  id: 'echo',
  name: 'Echo',
  description: '',
  inputs: new Map([['text', { kind: 'string', required: true, array: false }]]),
  outputs: new Map([['echo', 'file']]),
}
/** @type {Map<string, import('@flowscale/gateway/http').Run>} */
const runs = new Map()

/** @type {import('@flowscale/gateway/http').Draft} */
const draft = {
  workflow,
  putFile: async () => ({}), // this workflow has no input for a file
  putUrl: async () => ({}),
  async submit({ inputs, groupId }) {
    const id = crypto.randomUUID()
    const now = Date.now()
    const files = { outputNames: [`echo_${id}`], files: [`echo_${id}.txt`] }
    const times = { createdAt: now, startedAt: now, completedAt: now }
    const state = { status: 'completed', progress: 1, error: null }
    const run = { id, workflowId: 'echo', groupId, inputs, ...state, ...files, ...times }
    runs.set(id, run)
    return { run, number: runs.size }
  },
}

/** @type {import('@flowscale/gateway/http').Engine} */
const engine = {
  workflows: async () => [workflow],
  draft: async (workflowId) => (workflowId === 'echo' ? draft : undefined),
  getRun: async (id) => runs.get(id),
  // Pages and groups are left out here.
  getRuns: async () => ({ runs: [...runs.values()], total: runs.size }),
  async cancelRun(id) {
    const run = runs.get(id)
    return run && { run, hadEnded: true }
  },
  containers: async () => [],
  async findOutput(filename) {
    const run = runs.get(filename.slice(5, 41))
    return run && { run, file: run.files[0] }
  },
  readOutput: async (runId) => new Response(String(runs.get(runId)?.inputs[0]?.value)),
  close() {},
}

const gateway = createGateway({ engine: () => engine, workflows: [], apiKey: 'a-key' })
const client = createClient({ baseUrl: gateway.url, apiKey: 'a-key', fetch: gateway.fetch })
const { outputs } = await executeWorkflowAsync(client, 'echo', { text: 'hello' })
console.log(await (await downloadOutput(client, outputs[0])).text()) // hello
await gateway.close()
