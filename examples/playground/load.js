import { getWorkflows } from '@flowscale/client'
import { disconnect, forget } from './disconnect.js'
import { $, show } from './dom.js'
import { findRun } from './findRun.js'
import { drawWorkflows } from './form.js'
import { clearFaults, refuse, showState } from './liveState.js'
import { page } from './page.js'
import { soon } from './queue.js'
import { readWorkflow } from './readWorkflow.js'
import { refreshRuns } from './refreshRuns.js'

/** Reads workflows and runs from the server. */
export async function load(at) {
  try {
    const found = await list(at.client, at.stop.signal)
    if (at !== page.session) return
    page.workflows = found
    clearFaults()
    drawWorkflows()
    await refreshRuns(at)
    if (at !== page.session) return
    at.hasAnswered = true
    if (at.isPolling) showState('Polling', 'good')
    if (page.selected && !page.runs.has(page.selected)) await findRun(at, page.selected)
  } catch (error) {
    complain(at, error)
  }
  soon(at)
}

/** The workflows, or none where the server has no list of them. */
async function list(client, signal) {
  try {
    return (await getWorkflows(client, { signal })).data.map(readWorkflow)
  } catch (error) {
    if (error.status !== 404) throw error
    return []
  }
}

/** Shows an error, unless it belongs to a connection that is over. */
function complain(at, error) {
  if (at !== page.session) return
  if (error.status === 401 || error.status === 403) {
    refuse('key', $('key').value ? 'The server refuses the API key.' : 'The server wants an API key.')
    disconnect()
    return forget()
  }
  if (at.hasAnswered) return show($('trouble'), error.message)
  // The address stands above it.
  refuse('server', error.message.replace(/^GET \S+/, 'The request'))
  show($('no-workflows'), 'No workflows: the server is not there, or is not FlowScale.')
  show($('no-queue'), 'No queue without a server.')
  showState('Trouble', 'bad')
}
