import { getRun } from '@flowscale/client'
import { page } from './page.js'
import { openReader } from './reader.js'
import { workflowIdOf } from './runWorkflow.js'

/** Shows request and run as JSON in a dialog. */
export function showJson(run) {
  const sent = Object.fromEntries(run.sent ?? run.inputs)
  const file = (_, value) =>
    value instanceof Blob ? { file: value.name, size: value.size, type: value.type } : value
  const request = { workflow_id: workflowIdOf(run), inputs: sent }
  const shownRun = () => readRun(run)
  openReader('JSON', { Request: JSON.stringify(request, file, 2), Run: shownRun })
}

async function readRun({ id }) {
  const { session } = page
  if (!session) return 'Connect to see the run as the server has it.'
  try {
    const { data } = await getRun(session.client, id, { signal: session.stop.signal })
    return JSON.stringify(data, null, 2)
  } catch (error) {
    return error.message
  }
}
