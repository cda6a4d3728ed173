import { checkHealth, getQueue } from '@flowscale/client'
import { $, make } from './dom.js'
import { draw } from './draw.js'
import { showLive } from './liveState.js'
import { note } from './note.js'
import { page } from './page.js'
import { refreshRuns } from './refreshRuns.js'
import { isEnded } from './runState.js'

let timer
let due = Infinity

/** Reads the queue in a moment, unless an earlier read is planned. */
export function soon(at, delay = 150) {
  const time = Date.now() + delay
  if (at !== page.session || time >= due) return
  clearTimeout(timer)
  due = time
  timer = setTimeout(() => {
    due = Infinity
    refreshQueue(at)
  }, delay)
}

/** Stops reading the queue. */
export function stopQueue() {
  clearTimeout(timer)
  due = Infinity
}

async function refreshQueue(at) {
  const options = { signal: at.stop.signal, maxRetries: 0 }
  try {
    if (!document.hidden) {
      const health = checkHealth(at.client, options).catch(() => ({ data: [] }))
      const [{ data }, stopped] = await Promise.all([getQueue(at.client, options), health.then(stoppedOf)])
      if (at !== page.session) return
      at.isLost = false
      at.away =
        data.length > 0 && data.every(({ container }) => stopped.includes(container)) && sayAway(stopped)
      showLive()
      drawQueue(data, stopped)
      const going = new Set()
      let isNew = false
      const noteGoing = (id, news) => {
        isNew ||= !page.runs.has(id)
        going.add(id)
        note(id, news)
      }
      for (const { queue } of data) {
        for (const [, id] of queue.queue_running) noteGoing(id, { status: 'running' })
        for (const [ahead, [, id]] of queue.queue_pending.entries())
          noteGoing(id, { status: 'queued', ahead })
      }
      // Only the list of runs has the inputs of new runs, and the status of others that have left the queue.
      if (
        isNew ||
        [...page.runs.values()].some((run) => !run.isFollowed && !isEnded(run) && !going.has(run.id))
      ) {
        await refreshRuns(at, going)
      }
    }
  } catch {
    // The next round reads it again.
    if (at !== page.session) return
    at.isLost = true
    showLive()
  }
  soon(at, 2000)
}

/** The names of the containers that do not answer. */
const stoppedOf = ({ data }) =>
  data.filter(({ status }) => status === 'stopped').map(({ container }) => container)

const sayAway = (names) => `${names.join(', ')} ${names.length > 1 ? "don't" : "doesn't"} answer`

function drawQueue(containers, stopped) {
  $('no-queue').hidden = true
  $('containers').replaceChildren(
    ...containers.map(({ container, queue }) => {
      const [running] = queue.queue_running
      const waiting = queue.queue_pending.length
      const isStopped = stopped.includes(container)
      const dot = make('span', { className: `dot ${isStopped ? 'bad' : running ? 'busy' : 'good'}` })
      const item = make('li', {}, make('div', { className: 'name' }, dot, container))
      const word = isStopped ? "doesn't answer" : running ? 'running' : 'idle'
      const words = `${word}${waiting ? `, ${waiting} waiting` : ''}`
      item.append(make('p', {}, words))
      if (running) {
        const bar = make('progress', { max: 1, ariaLabel: `Progress of ${container}` })
        bar.dataset.run = running[1]
        item.append(bar)
      }
      return item
    }),
  )
  draw()
}
