import type { JSX } from 'preact'
import { isCutOff } from '../state/runs.ts'
import { state } from '../state/store.ts'
import { Bar } from './Preview.tsx'

/** What each container of the server does. */
export function Queue(): JSX.Element {
  const containers = isCutOff() ? undefined : state.containers
  return (
    <section id="queue" class="card" aria-labelledby="queue-title">
      <h2 id="queue-title">Queue</h2>
      <ul id="containers">
        {containers?.map((one) => (
          <Container key={one.container} {...one} />
        ))}
      </ul>
      <p id="no-queue" class="empty" hidden={Boolean(containers)}>
        {isCutOff() ? 'Nothing to see while offline.' : 'Loading …'}
      </p>
    </section>
  )
}

function Container({ container, queue, stopped, isShared }: NonNullable<typeof state.containers>[number]) {
  const [running] = queue.queue_running
  const waiting = queue.queue_pending.length
  const word = stopped ?? (running ? 'running' : 'idle')
  const run = running && state.runs.get(running[1])
  return (
    <li>
      <div class="name">
        <span class={`dot ${stopped ? 'bad' : running ? 'busy' : 'good'}`} />
        {container}
      </div>
      <p>{isShared ? `${waiting || 'none'} waiting` : waiting ? `${word}, ${waiting} waiting` : word}</p>
      {run && <Bar run={run} label={`Progress of ${container}`} />}
    </li>
  )
}
