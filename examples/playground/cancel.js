import { cancelRun } from '@flowscale/client'
import { $, say, show } from './dom.js'
import { note } from './note.js'
import { page } from './page.js'
import { refreshRuns } from './refreshRuns.js'

/** Cancels a run. */
export async function cancel(run) {
  const { client, stop } = page.session
  note(run.id, { isCancelling: true })
  say('Cancelling')
  try {
    await cancelRun(client, run.id, { signal: stop.signal })
    if (!run.isFollowed) await refreshRuns(page.session)
  } catch (error) {
    note(run.id, { isCancelling: false })
    show($('trouble'), `The run could not be cancelled: ${error.message}`)
  }
}
