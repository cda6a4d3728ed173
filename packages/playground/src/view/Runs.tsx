import type { JSX } from 'preact'
import { hasEnded, isDone, nameBeside, select, shownOutputs, titleOf, wantedRuns } from '../state/runs.ts'
import { change, type PageRun, state } from '../state/store.ts'
import { Thumb, thumbOf } from './Output.tsx'
import { progressOf } from './Preview.tsx'
import { Badge, Time } from './Stage.tsx'

const step = 12

/** The runs that match the search, the latest first. */
export function Runs(): JSX.Element {
  const { find, status, shownRuns } = state
  const wanted = wantedRuns()
  const [first] = shownOutputs()
  const showMore = () => {
    const next = wanted[shownRuns]
    change({ shownRuns: shownRuns + step, focus: next && cardId(next) })
  }
  return (
    <section id="runs" class="card" aria-labelledby="runs-title">
      <div class="head">
        <h2 id="runs-title">Runs</h2>
        {first && (
          <button type="button" class="quiet" onClick={() => change({ gallery: first.output })}>
            Gallery
          </button>
        )}
      </div>
      <div id="filter" hidden={state.runs.size < 2}>
        <label>
          <span class="unseen">Find runs</span>
          <input
            id="find"
            type="search"
            placeholder="Title, workflow or id"
            value={find}
            onInput={({ currentTarget }) => change({ find: currentTarget.value, shownRuns: step })}
          />
        </label>
        <label>
          <span class="unseen">Status</span>
          <select
            id="status"
            value={status}
            onInput={({ currentTarget }) => change({ status: currentTarget.value, shownRuns: step })}
          >
            <option value="">All</option>
            <option value="going">Running</option>
            <option value="completed">Completed</option>
            <option value="failed">Failed</option>
          </select>
        </label>
      </div>
      <ul id="list">
        {wanted.slice(0, shownRuns).map((run) => (
          <li key={run.id}>
            <Card run={run} />
          </li>
        ))}
      </ul>
      <p id="no-runs" class="empty" hidden={wanted.length > 0}>
        {state.runs.size ? 'No run matches.' : 'No runs yet.'}
      </p>
      <button type="button" id="more" hidden={wanted.length <= shownRuns} onClick={showMore}>
        Show more
      </button>
    </section>
  )
}

const cardId = ({ id }: PageRun) => `card-${id}`

function Card({ run }: { run: PageRun }) {
  const title = titleOf(run)
  const name = nameBeside(run)
  return (
    <button
      type="button"
      id={cardId(run)}
      class="run"
      aria-current={run.id === state.selected}
      onClick={() => select(run.id)}
    >
      <span class="thumb">{picture(run)}</span>
      <span class="words">
        <span class="title" title={title.slice(0, 500)}>
          {title}
        </span>
        <span class="status">
          <Badge run={run} /> <Time run={run} />
        </span>
        {name && <span class="of">{name}</span>}
      </span>
    </button>
  )
}

function picture(run: PageRun) {
  if (!hasEnded(run)) return <span class="percent">{progressOf(run)}</span>
  if (!isDone(run)) return '—'
  const output = thumbOf(run)
  return output ? <Thumb key={output} output={output} /> : '✓'
}
