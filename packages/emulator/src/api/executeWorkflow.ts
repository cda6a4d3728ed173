import { readForm } from '../form/readForm.ts'
import { readInputs } from '../form/readInputs.ts'
import { failure, missing, success, unprocessable } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import { addRun } from '../pod/addRun.ts'

export async function executeWorkflow({
  pod,
  request,
  query,
  maxUploadBytes,
  requestId,
}: Call): Promise<Response> {
  const { dialect } = pod.settings
  const id = query.get('workflow_id')
  if (!id) return unprocessable([missing('query', 'workflow_id')])
  const workflow = pod.workflows.get(id)
  if (!workflow) {
    const msg = `Unknown workflow '${id}'`
    return unprocessable([{ loc: ['query', 'workflow_id'], msg, type: 'value_error' }])
  }
  const form = await readForm(request, maxUploadBytes, dialect)
  if (form instanceof Response) return form
  const read = await readInputs(workflow, form)
  if ('problems' in read) return unprocessable(read.problems)
  if (pod.closed) return failure(dialect, 503, 'The emulator is closed')

  const run = addRun(pod, { workflow, groupId: query.get('group_id') || null, ...read })
  const { id: runId, groupId } = run
  pod.ledger.runs.push({ runId, workflowId: workflow.id, groupId, requestId })
  if (dialect === 'openapi') return success([{ run_id: run.id, workflow_id: workflow.id }])
  if (dialect === 'python') return success({ run_id: run.id, workflow_id: workflow.id })
  return success({
    number: run.number,
    node_errors: {},
    output_names: run.outputs.map(({ name }) => name),
    run_id: run.id,
  })
}
