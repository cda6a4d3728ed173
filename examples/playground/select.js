import { writeAddress } from './address.js'
import { $ } from './dom.js'
import { draw } from './draw.js'
import { page } from './page.js'

/** Shows a run on the stage, and brings that into view. */
export function select(id) {
  page.selected = id
  writeAddress({ workflow: page.workflowId, run: id })
  draw()
  // Once it is drawn, with all its height.
  requestAnimationFrame(() => $('stage').scrollIntoView({ block: 'nearest' }))
}
