import { waitForResult } from '@flowscale/client/poller'
import { $, show } from './dom.js'
import { findRun } from './findRun.js'
import { hear, note } from './note.js'
import { page } from './page.js'
import { soon } from './queue.js'

/** Waits again for the result of a run. */
export const resume = ({ client, socket, stop }, { id }) =>
  waitForResult(client, id, { push: socket, signal: stop.signal, onUpdate: hear })

/** Waits for the end of a run, and shows it. `wait` is the promise of its result. */
export async function follow(at, id, wait) {
  try {
    const { outputs } = await wait
    note(id, { status: 'completed', progress: 1, outputs })
    // Reads the inputs as the server has them. The page does not show an error of this request.
    await findRun(at, id)
  } catch (error) {
    if (at.stop.signal.aborted) return
    if (error.code === 'ERR_FLOWSCALE_TIMEOUT' && error.resume) return follow(at, id, error.resume())
    if (error.code === 'ERR_FLOWSCALE_RUN') note(id, { status: error.status, errors: error.errors })
    else if (error.status === 404) note(id, { status: 'lost' })
    else return followLater(at, id, error)
  }
  soon(at)
}

/** Waits again after any other error: the run may go on. */
async function followLater(at, id, { message }) {
  const trouble = `The page looks for the run ${id} again: ${message}`
  if ($('trouble').textContent !== trouble) show($('trouble'), trouble)
  await new Promise((resolve) => setTimeout(resolve, 5000))
  if (at !== page.session) return
  await follow(at, id, resume(at, { id }))
  if ($('trouble').textContent === trouble) show($('trouble'), '')
}
