import { say } from './dom.js'
import { draw } from './draw.js'
import { page } from './page.js'
import { isEnded, wordOf } from './runState.js'

/** Updates a run. A run that has ended keeps its status. */
export function note(id, { status, ...news }) {
  const known = page.runs.get(id)
  const run = known ?? {
    id,
    status: 'queued',
    progress: 0,
    outputs: [],
    errors: [],
    inputs: [],
    at: Date.now(),
  }
  // A late update must not lower the progress.
  if (news.progress !== undefined) news.progress = Math.max(news.progress, run.progress)
  if (status && status !== run.status && !isEnded(run) && status !== 'queued') {
    run.status = status
    if (isEnded(run)) run.endedAt ??= Date.now()
    if (id === page.selected) say(`Run ${wordOf(run)}`)
  }
  Object.assign(run, news)
  if (run.node && run.nodes?.at(-1) !== run.node) run.nodes = [...(run.nodes ?? []), run.node].slice(-3)
  page.runs.set(id, run)
  draw()
  return run
}

/** Updates a run with a state from a poll or from a push connection. */
export const hear = ({ run_id, _id = run_id, status, progress, node }) =>
  note(_id, { status, ...(node && { node }), ...(progress !== undefined && { progress }) })

/** Updates a run with the run of a server's answer. */
export function noteRun(shown) {
  const { _id: id, inputs, outputs, created_at, completed_at, error, workflow_id } = shown
  const known = page.runs.get(id)
  const run = hear(shown)
  if (workflow_id) run.workflowId = workflow_id
  if (!run.outputs.length) run.outputs = outputs.map(({ filename, url }) => ({ filename, download_url: url }))
  // They include the seed that the server has drawn.
  if (inputs.length) run.inputs = inputs.map(({ path, value }) => [path, value])
  if (error && !run.errors.length) run.errors = [String(error)]
  if (!known && created_at) run.at = Date.parse(created_at)
  if (completed_at) run.endedAt = Date.parse(completed_at)
  else if (!known && isEnded(run)) run.endedAt = undefined
  return run
}
