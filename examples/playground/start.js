// Puts the page together.

import { readAddress, writeAddress } from './address.js'
import { drawBars } from './bars.js'
import { startConnection } from './connect.js'
import { $ } from './dom.js'
import { draw, onDraw } from './draw.js'
import { findRun } from './findRun.js'
import { choose, chosenWorkflow, drawWorkflows, readInputs, refuseId } from './form.js'
import { drawRuns, startHistory } from './history.js'
import { page } from './page.js'
import { showCode } from './showCode.js'
import { drawStage } from './stage.js'
import { submit } from './submit.js'

for (const part of [drawStage, drawRuns, drawBars]) onDraw(part)

$('inputs').addEventListener('submit', (event) => {
  event.preventDefault()
  submit()
})
$('inputs').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
})
$('code').addEventListener('click', () => showCode(chosenWorkflow(), Object.entries(readInputs())))
$('workflow-id').addEventListener('input', () => {
  refuseId('')
  page.workflowId = $('workflow-id').value.trim()
  writeAddress({ workflow: page.workflowId, run: page.selected })
})

// A file that misses the drop area must not replace the page.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault())

// The link must not change the address, which names a run.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault()
  $('inputs').focus()
})

addEventListener('popstate', () => {
  const { run, workflow } = readAddress()
  page.selected = run
  const known = page.workflows.find(({ id }) => id === workflow)
  if (known && workflow !== page.workflowId) {
    choose(known)
    drawWorkflows()
  }
  if (page.session && run && !page.runs.has(run)) findRun(page.session, run)
  draw()
})

startHistory()
draw()
startConnection()
