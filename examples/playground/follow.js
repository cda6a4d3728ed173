import { waitForResult } from '@flowscale/client/poller'
import { $, show } from './dom.js'
import { findRun } from './findRun.js'
import { hear, note } from './note.js'
import { page } from './page.js'
import { soon } from './queue.js'

/** Waits again for the result of a run. */
export const resume = ({ client, socket, stop }, { id }) =>
  waitForResult(client, id, { push: socket, signal: stop.signal, onUpdate: hear })

/** Takes in the end of a run, once `wait` has it. */
export async function follow(at, id, wait) {
  try {
    const { outputs } = await wait
    note(id, { status: 'completed', progress: 1, outputs })
    // For the inputs as the server has them. They are no reason for alarm.
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

/** The run may go on: no other error is its end. */
async function followLater(at, id, { message }) {
  const trouble = `The page looks for the run ${id} again: ${message}`
  if ($('trouble').textContent !== trouble) show($('trouble'), trouble)
  await new Promise((resolve) => setTimeout(resolve, 5000))
  if (at !== page.session) return
  await follow(at, id, resume(at, { id }))
  if ($('trouble').textContent === trouble) show($('trouble'), '')
}
