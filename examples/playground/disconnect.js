import { $, show } from './dom.js'
import { draw } from './draw.js'
import { showLive } from './liveState.js'
import { page } from './page.js'
import { stopQueue } from './queue.js'

/** Ends the connection; what it showed stays. */
export function disconnect() {
  page.session.stop.abort()
  page.session = undefined
  stopQueue()
  showLive()
  draw()
}

/** Forgets everything that is of another server. */
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
