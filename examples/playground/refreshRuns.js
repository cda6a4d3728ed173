import { getRuns } from '@flowscale/client'
import { note, noteRun } from './note.js'
import { page } from './page.js'
import { isEnded } from './runState.js'

/** Reads the latest runs. `going` has the ids in the queue. A run that is not in the list and not in the queue is gone. */
export async function refreshRuns(at, going) {
  const options = { signal: at.stop.signal, maxRetries: 0, pageSize: 100 }
  const { data } = await getRuns(at.client, options).catch((error) => {
    // Some servers list the runs of a group only.
    if (error.code === 'ERR_FLOWSCALE_VALIDATION') return { data: { runs: [] } }
    throw error
  })
  if (at !== page.session) return
  const listed = new Set()
  for (const run of data.runs) {
    if (!run._id) continue
    listed.add(run._id)
    noteRun(run)
  }
  for (const run of page.runs.values()) {
    const isGone = going && !run.isFollowed && !isEnded(run) && !listed.has(run.id) && !going.has(run.id)
    if (isGone) note(run.id, { status: 'lost' })
  }
}
