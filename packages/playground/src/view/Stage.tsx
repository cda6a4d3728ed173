import type { ComponentChildren, JSX } from 'preact'
import { refill } from '../state/form.ts'
import {
  givenOf,
  hasEnded,
  isDone,
  isUnheard,
  nameBeside,
  siblingsOf,
  textOf,
  titleOf,
  tone,
  wordOf,
  workflowIdOf,
  workflowOf,
} from '../state/runs.ts'
import { type PageRun, state } from '../state/store.ts'
import { cancel, submit } from '../state/submit.ts'
import { compare } from './Compare.tsx'
import { Download, Output } from './Output.tsx'
import {
  Bar,
  isWaiting,
  lastProgressOf,
  Preview,
  progressOf,
  type Seen,
  shapeOf,
  usePreview,
} from './Preview.tsx'
import { showCode, showJson } from './Reader.tsx'
import { Siblings } from './Siblings.tsx'

/** The selected run: its outputs, its facts and its buttons. */
export function Stage(): JSX.Element {
  const run = state.runs.get(state.selected ?? '')
  const siblings = run ? siblingsOf(run) : []
  // With the key, no button of another run keeps the focus.
  return (
    <section id="stage" class="card" aria-label="Selected run">
      {run ? (
        <>
          {siblings.length > 1 && <Siblings runs={siblings} />}
          <Run key={run.id} run={run} isTile={siblings.length > 1} />
        </>
      ) : (
        <div class="canvas">
          <svg
            width="72"
            height="72"
            viewBox="0 0 72 72"
            aria-hidden="true"
            fill="none"
            stroke="currentColor"
            stroke-width="2.5"
            stroke-linecap="round"
            stroke-linejoin="round"
          >
            <rect x="10" y="14" width="52" height="44" rx="8" />
            <circle cx="25" cy="29" r="4.5" />
            <path d="m10 50 14-12 10 9 13-15 15 16" />
          </svg>
          <p>
            The outputs of a run appear here. Drop a picture of an earlier run on the page to fill the form.
          </p>
        </div>
      )}
    </section>
  )
}

function Run({ run, isTile }: { run: PageRun; isTile: boolean }) {
  const preview = usePreview(run)
  // A push connection is faster than the outputs.
  const isDue = preview && isDone(run) && !run.outputs.length
  // A tile has no room for several outputs, or for the text of an error.
  const isSeen = isTile && !(isDone(run) ? run.outputs[1] : run.errors[0])
  return (
    <>
      {isSeen ? null : !hasEnded(run) || isDue ? (
        <Going key="going" run={run} preview={preview} />
      ) : isDone(run) && run.outputs.length ? (
        <div key="outputs" class="outputs">
          {run.outputs.map((output) => (
            <Output key={output} run={run} output={output} preview={run.outputs[1] ? undefined : preview} />
          ))}
        </div>
      ) : (
        <Ended key="ended" run={run} />
      )}
      <About run={run} />
    </>
  )
}

function Going({ run, preview }: Seen & { run: PageRun }) {
  const { nodes, ahead = 0 } = run
  const place = ahead > 0 ? `${ahead} ahead` : 'Next in line'
  const words = isWaiting(run) ? place : (nodes?.join(' → ') ?? 'Running')
  const isOld = isUnheard(run)
  return (
    <div
      class={['canvas', !isOld && 'going', preview && 'seen'].filter(Boolean).join(' ')}
      style={shapeOf(preview)}
    >
      <Preview preview={preview} />
      <output class="percent">{progressOf(run)}</output>
      <Bar run={run} label="Progress of the run" />
      <p>{isOld ? `Last seen: ${lastProgressOf(run)}` : words}</p>
    </div>
  )
}

const cancelled = 'This run was cancelled.'
const endings: Record<string, string> = {
  cancelled,
  canceled: cancelled,
  lost: 'The server does not know this run any more.',
}

function Ended({ run }: { run: PageRun }) {
  const text =
    run.errors.join('\n') || endings[run.status] || (isDone(run) ? 'No outputs.' : 'This run failed.')
  // A long text scrolls. With a tabIndex, the keyboard can scroll it, too.
  const tabIndex = text.length > 500 ? 0 : undefined
  return (
    <div class="canvas">
      <p class={tone(run) === 'bad' ? 'alert' : ''} tabIndex={tabIndex}>
        {text}
      </p>
    </div>
  )
}

/** Title, facts and buttons of a run. */
function About({ run }: { run: PageRun }) {
  const title = titleOf(run)
  const name = nameBeside(run)
  return (
    <div class="about">
      <div class="words">
        <h3 tabIndex={-1} title={title}>
          {title}
        </h3>
        <p class="facts">
          <Badge run={run} />
          {name && <span>{name}</span>}
          {run.endedAt && <span>{`${((run.endedAt - run.at) / 1000).toFixed(1)} s`}</span>}
          <Time run={run} />
          <code>{run.id}</code>
        </p>
        <Inputs run={run} title={title} />
      </div>
      <Actions run={run} />
    </div>
  )
}

/** The state of a run: a dot and a word. */
export const Badge = ({ run }: { run: PageRun }): JSX.Element => (
  <span class={`badge ${tone(run)}`}>
    <span class={`dot ${tone(run)}`} />
    {wordOf(run)}
  </span>
)

/** The time at which a run was submitted, with the day if that is not today. */
export function Time({ run }: { run: PageRun }): JSX.Element {
  const date = new Date(run.at)
  const isToday = date.toDateString() === new Date().toDateString()
  const day = isToday ? {} : ({ day: 'numeric', month: 'short' } as const)
  const text = date.toLocaleString('en-GB', { ...day, hour: '2-digit', minute: '2-digit' })
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString('en-GB')}>
      {text}
    </time>
  )
}

/** The inputs of a run, except the input in its title. */
function Inputs({ run, title }: { run: PageRun; title: string }) {
  const shown = run.inputs
    .map(([name, value]) => ({ name, text: textOf(value) }))
    .filter(({ text }) => text !== title)
  if (!shown.length) return null
  return (
    <dl class="given">
      {shown.map(({ name, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={text}>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

function Actions({ run }: { run: PageRun }) {
  const { session, workflows } = state
  const workflow = workflowOf(run)
  const workflowId = workflowIdOf(run)
  const isListed = workflow || !workflows.length
  const called = workflow ?? (workflowId && { id: workflowId, fields: [], outputs: [] })
  const [output, ...others] = run.outputs
  return (
    <>
      <div class="actions">
        {session && !hasEnded(run) && (
          <button
            key="cancel"
            type="button"
            class="danger"
            disabled={run.isCancelling || session.isLost}
            onClick={() => cancel(run)}
          >
            {run.isCancelling ? 'Cancelling …' : 'Cancel'}
          </button>
        )}
        {/* A run costs money. So the button needs a workflow that is known for sure, and still on the server. */}
        {session && hasEnded(run) && workflowId && isListed && (
          <button key="again" type="button" disabled={session.isLost} onClick={() => refill(run) && submit()}>
            Run again
          </button>
        )}
        {/* With several outputs, each output has its own button. */}
        {isDone(run) && output && !others.length && <Download key="download" run={run} output={output} />}
      </div>
      <div class="actions more">
        {isListed && <Quiet onClick={() => refill(run)}>Edit inputs</Quiet>}
        {called && <Quiet onClick={() => showCode(called, givenOf(run))}>Code</Quiet>}
        <Quiet onClick={() => showJson(run)}>JSON</Quiet>
        {state.runs.size > 1 && <Quiet onClick={() => compare(run)}>Compare</Quiet>}
      </div>
    </>
  )
}

const Quiet = ({ onClick, children }: { onClick: () => unknown; children: ComponentChildren }) => (
  <button type="button" class="quiet" onClick={() => onClick()}>
    {children}
  </button>
)
