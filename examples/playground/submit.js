import { isFlowScaleError } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { $, show } from './dom.js'
import { follow } from './follow.js'
import { chosenWorkflow, fields, readInputs, refuseId, showProblems } from './form.js'
import { hear, note } from './note.js'
import { page } from './page.js'
import { soon } from './queue.js'
import { rememberRun } from './runWorkflow.js'
import { select } from './select.js'

const brokenOff =
  'You disconnected before the server answered. The run may have started: connect, and look among the runs.'

/** Runs the workflow of the form, and follows the run to its end. */
export async function submit() {
  if (!page.session) return show($('refusal'), 'Connect to a server first.')
  if ($('run').disabled) return
  const at = page.session
  const { client, socket, stop } = at
  const workflow = chosenWorkflow()
  const inputs = readInputs()
  showProblems([])
  if (!workflow.id) return refuseId('Give the id of a workflow.')
  const nameless = fields().find(({ name }) => !name)
  if (nameless) return nameless.refuse('Name this input, or remove it.')
  const unreadable = fields().find(({ input }) => input.validity.badInput)
  if (unreadable) {
    unreadable.refuse('Write a number, or leave this empty.')
    return unreadable.input.focus()
  }
  setBusy(true)
  let runId
  const wait = executeWorkflowAsync(client, workflow.id, inputs, {
    push: socket,
    signal: stop.signal,
    // The id comes before the first poll. From here on, the run can be cancelled, and is not lost.
    onSubmitted: (submission) => {
      runId = submission.runId
      setBusy(false)
      noteSubmission(runId, workflow.id, inputs)
      soon(at)
    },
    onUpdate: hear,
  })
  await wait.catch((error) => {
    if (runId) return
    if (at.stop.signal.aborted) return show($('refusal'), brokenOff)
    showRefusal(error)
    soon(at)
  })
  setBusy(false)
  if (runId) follow(at, runId, wait)
}

function setBusy(isBusy) {
  $('run').disabled = isBusy
  $('run').textContent = isBusy ? 'Submitting …' : 'Run'
}

/** The name of a file, and any other value as it is. */
const shownOf = (value) => (Array.isArray(value) ? value.map(shownOf) : (value.name ?? value))

function noteSubmission(runId, workflowId, inputs) {
  const sent = Object.entries(inputs).filter(([, value]) => value !== undefined)
  const shown = sent.map(([name, value]) => [name, shownOf(value)])
  // A restarted server may give an id again.
  page.runs.delete(runId)
  rememberRun(runId, workflowId)
  note(runId, { isFollowed: true, workflowId, sent, inputs: shown, at: Date.now() })
  select(runId)
}

/** Shows at the fields why a run was not submitted. Messages that belong to no field are above the button. */
function showRefusal(error) {
  const { details = [], maybeSubmitted, message, errors } = error
  // An error of the client names the input: `inputs.seed is …`.
  const own = fields().find(({ name }) => name && message.startsWith(`inputs.${name} `))
  if (own) details.push({ field: own.name, message: message.slice('inputs.'.length) })
  const rest = showProblems(details)
  const words = rest.map(({ field, message }) =>
    [field.replace('body.', ''), message].filter(Boolean).join(': '),
  )
  if (words.length) show($('refusal'), words.join('; '))
  else if (!details.length) {
    const hint = maybeSubmitted ? ' It may have been submitted all the same: look among the runs.' : ''
    show($('refusal'), (isFlowScaleError(error) && errors?.join('; ')) || message + hint)
  }
}
