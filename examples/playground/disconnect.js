import { $, show } from './dom.js'
import { draw } from './draw.js'
import { showLive } from './liveState.js'
import { page } from './page.js'
import { stopQueue } from './queue.js'

/** Ends the connection. Its workflows and runs stay on the page. */
export function disconnect() {
  page.session.stop.abort()
  page.session = undefined
  stopQueue()
  showLive()
  draw()
}

/** Removes the workflows, the runs and the queue of the last server from the page. */
export function forget() {
  page.workflows = []
  page.runs.clear()
  $('workflows').replaceChildren()
  $('containers').replaceChildren()
  $('inputs').hidden = true
  show($('no-queue'), 'Nothing to see while offline.')
  show($('no-workflows'), 'Connect to see the workflows.')
  draw()
}
