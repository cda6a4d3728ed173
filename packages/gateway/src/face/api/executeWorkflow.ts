import { nothingStarted } from '../../engineErrors.ts'
import { missing, success, unprocessable } from '../../http/answers.ts'
import { readSubmission } from '../../http/form/readForm.ts'
import type { Call } from '../../http/types.ts'

export async function executeWorkflow(call: Call): Promise<Response> {
  const { face, request, query, maxBodyBytes, requestId } = call
  const { engine, dialect } = face
  const id = query.get('workflow_id')
  if (!id) return unprocessable([missing('query', 'workflow_id')])
  const workflow = await engine.workflow(id).catch(nothingStarted)
  if (!workflow) {
    const msg = `Unknown workflow '${id}'`
    return unprocessable([{ loc: ['query', 'workflow_id'], msg, type: 'value_error' }])
  }
  const draft = engine.draft(workflow, request.signal)
  const inputs = await readSubmission(workflow, draft, request, { maxBodyBytes }).catch(nothingStarted)
  const groupId = query.get('group_id') || null
  const { run, number } = await draft.submit({ ...inputs, groupId, requestId })

  const told = { run_id: run.id, workflow_id: workflow.id }
  if (dialect === 'openapi') return success([told])
  if (dialect === 'python') return success(told)
  return success({ number, node_errors: {}, output_names: run.outputNames, run_id: run.id })
}
