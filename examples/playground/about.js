import { badge, timeOf } from './badge.js'
import { cancel } from './cancel.js'
import { make } from './dom.js'
import { refill } from './form.js'
import { downloadButton } from './outputs.js'
import { page } from './page.js'
import { isDone, isEnded } from './runState.js'
import { workflowIdOf, workflowOf } from './runWorkflow.js'
import { showCode } from './showCode.js'
import { showJson } from './showJson.js'
import { submit } from './submit.js'
import { titleOf } from './titleOf.js'

const seconds = (run) => `${((run.endedAt - run.at) / 1000).toFixed(1)} s`

function button(label, act, className = '') {
  const element = make('button', { type: 'button', className }, label)
  element.addEventListener('click', () => act())
  return element
}

/** Title, facts and buttons of a run. */
export function aboutOf(run) {
  const workflow = workflowOf(run)
  const text = titleOf(run)
  const title = make('h3', { tabIndex: -1, title: text }, text)
  const name = workflow && workflow.name !== text ? make('span', {}, workflow.name) : undefined
  const facts = make(
    'p',
    { className: 'facts' },
    badge(run),
    name,
    run.endedAt && make('span', {}, seconds(run)),
    timeOf(run),
  )
  facts.append(make('code', {}, run.id))
  const words = make('div', { className: 'words' }, title, facts, givenOf(run, text))
  return make('div', { className: 'about' }, words, actionsOf(run), moreOf(run))
}

/** The inputs of a run, except the input in its title. */
function givenOf(run, title) {
  const rest = run.inputs.filter(([, value]) => [value].flat().join(' / ') !== title)
  if (!rest.length) return
  const parts = rest.map(([name, value]) => {
    const shown = [value].flat().join(' / ')
    return make('div', {}, make('dt', {}, name), make('dd', { title: shown }, shown))
  })
  return make('dl', { className: 'given' }, ...parts)
}

function actionsOf(run) {
  const actions = make('div', { className: 'actions' })
  if (!isEnded(run) && page.session) {
    const cancelling = button(run.isCancelling ? 'Cancelling …' : 'Cancel', () => cancel(run), 'danger')
    cancelling.disabled = Boolean(run.isCancelling)
    actions.append(cancelling)
  }
  // A run costs money. So the button needs a workflow that is known for sure, and still on the server.
  const isThere = workflowOf(run) || !page.workflows.length
  if (isEnded(run) && page.session && workflowIdOf(run) && isThere) {
    actions.append(button('Run again', () => refill(run) && submit()))
  }
  // With several outputs, each output has its own button.
  if (isDone(run) && run.outputs.length === 1) actions.append(downloadButton(run, run.outputs[0]))
  return actions
}

function moreOf(run) {
  const more = make('div', { className: 'actions more' })
  const workflow = workflowOf(run)
  if (workflow || !page.workflows.length) more.append(button('Edit inputs', () => refill(run), 'quiet'))
  const known = workflow ?? { id: workflowIdOf(run), fields: [], outputs: [] }
  if (known.id) more.append(button('Code', () => showCode(known, run.sent ?? run.inputs), 'quiet'))
  more.append(button('JSON', () => showJson(run), 'quiet'))
  return more
}
