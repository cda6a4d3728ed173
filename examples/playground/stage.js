import { aboutOf } from './about.js'
import { $, make } from './dom.js'
import { figure } from './figure.js'
import { page } from './page.js'
import { isDone, isEnded, tone, wordOf } from './runState.js'
import { workflowOf } from './runWorkflow.js'
import { titleOf } from './titleOf.js'

let drawnView
let drawnAbout

/** Draws the selected run: its outputs, its facts and its buttons. */
export function drawStage() {
  const run = page.runs.get(page.selected)
  const view = run ? [run.id, wordOf(run), run.outputs.length, run.errors.length].join() : ''
  const about = run
    ? JSON.stringify([view, !page.session, titleOf(run), workflowOf(run)?.id, run.inputs])
    : ''
  document.title = run ? `${titleOf(run).slice(0, 60)} · FlowScale playground` : 'FlowScale playground'
  // If the button with the focus is gone, the title gets the focus.
  const hadFocus = $('stage').contains(document.activeElement)
  if (view !== drawnView) $('view').replaceChildren(run ? viewOf(run) : $('blank').content.cloneNode(true))
  if (about !== drawnAbout) $('about').replaceChildren(...(run ? [aboutOf(run)] : []))
  if (hadFocus && !$('stage').contains(document.activeElement)) $('about').querySelector('h3')?.focus()
  drawnView = view
  drawnAbout = about
}

const words = {
  cancelled: 'This run was cancelled.',
  lost: 'The server does not know this run any more.',
}

function viewOf(run) {
  if (isDone(run) && run.outputs.length) {
    return make('div', { className: 'outputs' }, ...run.outputs.map((output) => figure(run, output)))
  }
  if (!isEnded(run)) {
    const bar = make('progress', { max: 1, ariaLabel: 'Progress of the run' })
    const number = make('output', {})
    bar.dataset.run = number.dataset.run = run.id
    return make('div', { className: 'canvas going' }, number, bar, make('p', {}))
  }
  const said =
    run.errors.join('\n') || words[run.status] || (isDone(run) ? 'No outputs.' : 'This run failed.')
  const text = make('p', { className: tone(run) === 'bad' ? 'alert' : '' }, said)
  // A long text scrolls. With a tabIndex, the keyboard can scroll it, too.
  if (said.length > 500) text.tabIndex = 0
  return make('div', { className: 'canvas' }, text)
}
