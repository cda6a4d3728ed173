import { getWorkflows } from '@flowscale/client'
import { keepServer } from './address.js'
import { disconnect, forget } from './disconnect.js'
import { $, show } from './dom.js'
import { findRun } from './findRun.js'
import { drawWorkflows } from './form.js'
import { askForKey, clearFaults, refuse, showLive } from './liveState.js'
import { page } from './page.js'
import { soon } from './queue.js'
import { readWorkflow } from './readWorkflow.js'
import { refreshRuns } from './refreshRuns.js'

/** Reads workflows and runs from the server. Reads them again after an error that may pass. */
export async function load(at) {
  clearTimeout(at.retry)
  try {
    const found = await list(at)
    if (at !== page.session) return
    page.workflows = found
    drawWorkflows()
    await refreshRuns(at)
    if (at !== page.session) return
    at.hasAnswered = true
    at.problem = undefined
    keepServer($('server').value.trim())
    clearFaults()
    showLive()
    if (page.selected && !page.runs.has(page.selected)) await findRun(at, page.selected)
  } catch (error) {
    complain(at, error)
  }
  soon(at)
}

/** The workflows, or an empty list if the server has no list of them. */
async function list({ client, stop }) {
  try {
    return (await getWorkflows(client, { signal: stop.signal, maxRetries: 0 })).data.map(readWorkflow)
  } catch (error) {
    if (error.status !== 404) throw error
    return []
  }
}

/** Shows an error, unless it belongs to a connection that is over. */
function complain(at, error) {
  if (at !== page.session) return
  const { status, body } = error
  if (status === 401 || status === 403) return refuseKey(at)
  // An error of FlowScale itself, which waits for its ComfyUI.
  const isOfFlowScale = status >= 500 && Array.isArray(body?.errors)
  if (!at.hasAnswered && !isOfFlowScale) return refuseServer(error)
  at.problem = isOfFlowScale ? error.errors.join('; ') : error.message
  at.retry = setTimeout(() => at === page.session && load(at), 2000)
  if (!page.workflows.length) show($('no-workflows'), 'No workflows yet.')
  showLive()
}

function refuseKey(at) {
  disconnect()
  forget()
  if (at.isGuess) $('key').value = ''
  if ($('key').value) refuse('key', 'The server refuses this API key.')
  else askForKey()
  $('key').focus()
}

function refuseServer({ status, errors }) {
  const isElsewhere = new URL($('server').value.trim(), location.href).origin !== location.origin
  const hint = isElsewhere ? 'Check the address, and whether the server allows this page (CORS).' : ''
  disconnect()
  forget()
  refuse(
    'server',
    status === 424
      ? // The key of the proxy is wrong.
        `${errors.join('; ')}.`
      : status
        ? `This is not FlowScale: it answers ${status}.`
        : `The server does not answer. ${hint}`,
  )
  $('server').focus()
}
