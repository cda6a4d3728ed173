import { type Draft, EngineError } from '@flowscale/gateway/face'
import type { Workflow } from '../options/checkWorkflows.ts'
import type { InputFile, WorkflowInputs } from '../types.ts'
import { addRun } from './addRun.ts'
import { fillInputs } from './fillInputs.ts'
import { toRun } from './toRun.ts'
import type { Pod } from './types.ts'

/** A run that is about to be submitted: its files are held in memory. */
export function createDraft(pod: Pod, workflow: Workflow): Draft {
  const remote: { input: string; url: string }[] = []
  return {
    async putFile(_input, { name, type, body }): Promise<InputFile> {
      return { name, type, data: new Uint8Array(await new Response(body).arrayBuffer()) }
    },
    async putUrl(input, url): Promise<object> {
      // It fails the run, and no workflow sees it.
      remote.push({ input, url })
      return {}
    },
    async submit({ values: sent, shown, groupId, requestId }) {
      if (pod.closed) throw new EngineError(503, 'The emulator is closed')
      const { values, drawn } = fillInputs(workflow, sent as WorkflowInputs, pod.randomSeeds)
      const run = addRun(pod, {
        workflow,
        groupId,
        shown: [...shown, ...drawn],
        given: { values, remote },
      })
      pod.ledger.runs.push({ runId: run.id, workflowId: workflow.id, groupId, requestId })
      return { run: toRun(run), number: run.number }
    },
  }
}
