import type { JSX } from 'preact'
import { hasEnded, isDone, seedOf, select, wordOf } from '../state/runs.ts'
import { change, type PageRun, state } from '../state/store.ts'
import { Thumb, thumbOf } from './Output.tsx'
import { Bar, Preview, progressOf, usePreview } from './Preview.tsx'

/** The runs that one click started, side by side. The selected one has its facts and buttons below. */
export const Siblings = ({ runs }: { runs: PageRun[] }): JSX.Element => (
  <div class="siblings">
    {runs.map((run) => (
      <Tile key={run.id} run={run} />
    ))}
  </div>
)

function Tile({ run }: { run: PageRun }) {
  const preview = usePreview(run)
  const output = isDone(run) ? thumbOf(run) : undefined
  const seen = hasEnded(run) && !isDone(run) ? undefined : preview
  const text = hasEnded(run) ? wordOf(run) : progressOf(run)
  const show = () => {
    select(run.id)
    change({ gallery: output })
  }
  return (
    <button
      type="button"
      class={seen && !output ? 'tile seen' : 'tile'}
      aria-current={run.id === state.selected}
      onClick={show}
    >
      <small>{seedOf(run)}</small>
      {(output || text.endsWith('%')) && <span class="unseen">{wordOf(run)}</span>}
      {output ? (
        <Thumb key={output} output={output} />
      ) : (
        <>
          <Preview preview={seen} />
          <strong class="percent">{text}</strong>
          {!hasEnded(run) && <Bar run={run} />}
        </>
      )}
    </button>
  )
}
