// The form, made from the workflow's inputs.

import { writeAddress } from './address.js'
import { $, make, show } from './dom.js'
import { makeField } from './fields.js'
import { page } from './page.js'
import { makeRows } from './rows.js'
import { workflowIdOf, workflowOf } from './runWorkflow.js'

/** The fields of a workflow that the server lists. */
let ownFields = []
/** The rows for names and values, if the server lists no workflows. */
const rows = makeRows()
export const fields = () => (page.workflows.length ? ownFields : rows.fields())
export const readInputs = () => Object.fromEntries(fields().map(({ name, read }) => [name, read()]))
export const chosenWorkflow = () =>
  page.workflows.find(({ id }) => id === page.workflowId) ?? {
    id: $('workflow-id').value.trim(),
    fields: [],
    outputs: [],
  }

/** Shows the workflows of the server, and the form of the chosen workflow. */
export function drawWorkflows() {
  const { workflows, workflowId } = page
  const kept = workflows.find(({ id }) => id === workflowId) ?? workflows[0]
  show(
    $('no-workflows'),
    workflows.length ? '' : 'This server lists no workflows. Type the id of a workflow.',
  )
  $('workflows').replaceChildren(
    ...workflows.map((workflow, index) => radio(workflow, index, workflow === kept)),
  )
  $('inputs').hidden = false
  if (kept) {
    if (kept.id !== workflowId || !$('fields').dataset.of) choose(kept)
    $('workflows').querySelector(':checked').parentElement.scrollIntoView({ block: 'nearest' })
  } else if ($('by-id').hidden) {
    $('by-id').hidden = false
    $('workflow-id').value = workflowId ?? ''
    $('fields').dataset.of = ''
    $('fields').replaceChildren(rows.element)
  }
}

function radio(workflow, index, checked) {
  const input = make('input', { type: 'radio', name: 'workflow', checked })
  input.value = workflow.id
  input.addEventListener('change', () => choose(workflow))
  const name = make('strong', { id: `name-${index}` }, workflow.name)
  const about = make('span', { id: `about-${index}`, title: workflow.description }, workflow.description)
  input.setAttribute('aria-labelledby', name.id)
  input.setAttribute('aria-describedby', about.id)
  return make('label', { className: 'workflow' }, input, name, about)
}

/** Shows the form of a workflow. */
export function choose(workflow) {
  page.workflowId = workflow.id
  writeAddress({ workflow: workflow.id, run: page.selected })
  show($('refusal'), workflow.problem ?? '')
  ownFields = workflow.fields.map((field, index) => makeField(field, `field-${index}`))
  const none = make('p', { className: 'empty', textContent: 'This workflow takes no inputs.' })
  $('by-id').hidden = true
  $('fields').dataset.of = workflow.id
  $('fields').replaceChildren(...(ownFields.length ? ownFields.map(({ element }) => element) : [none]))
}

/** Puts the inputs of a run into the form. Gives false if the workflow is missing or a field has a problem. */
export function refill(run) {
  const workflow = workflowOf(run)
  const given = run.sent ?? run.inputs
  if (page.workflows.length) {
    if (!workflow) return false
    choose(workflow)
    for (const input of $('workflows').querySelectorAll('input')) input.checked = input.value === workflow.id
    for (const { name, write } of ownFields) write(given.find(([path]) => path === name)?.[1])
  } else {
    $('workflow-id').value = page.workflowId = workflowIdOf(run) ?? ''
    rows.write(given)
  }
  writeAddress({ workflow: page.workflowId, run: page.selected })
  const wrong = fields().find(({ problem }) => !problem.hidden)
  ;(wrong?.input ?? fields()[0]?.input ?? $('run')).focus()
  return !wrong
}

/** Shows a problem under the label of the workflow's id. */
export function refuseId(text) {
  show($('workflow-id-problem'), text)
  $('workflow-id').setAttribute('aria-invalid', String(Boolean(text)))
  if (text) $('workflow-id').focus()
}

/** Shows the server's messages under the labels. Gives the messages that belong to no label. */
export function showProblems(details) {
  show($('refusal'), '')
  refuseId('')
  const isOf = (name) => (detail) => detail.field.split('.').includes(name)
  const wordsOf = (own) => own.map(({ message }) => message).join('; ')
  let rest = details
  for (const { name, refuse } of fields()) {
    // `prompt.1` is about the second value of `prompt`.
    refuse(wordsOf(rest.filter(isOf(name))))
    rest = rest.filter((detail) => !isOf(name)(detail))
  }
  const wrong = fields().find(({ problem }) => !problem.hidden)
  wrong?.input.focus()
  if ($('by-id').hidden) return rest
  if (rest.some(isOf('workflow_id'))) refuseId(wordsOf(rest.filter(isOf('workflow_id'))))
  return rest.filter((detail) => !isOf('workflow_id')(detail))
}
