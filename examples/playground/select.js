import { writeAddress } from './address.js'
import { $ } from './dom.js'
import { draw } from './draw.js'
import { page } from './page.js'

/** Shows a run on the stage, and scrolls to the stage. */
export function select(id) {
  page.selected = id
  writeAddress({ workflow: page.workflowId, run: id })
  draw()
  // After the run is drawn: the stage then has its full height.
  requestAnimationFrame(() => $('stage').scrollIntoView({ block: 'nearest' }))
}
