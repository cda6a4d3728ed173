// The page: drawn from the store at each change.

import { type JSX, render } from 'preact'
import { readAddress, readKeptRuns } from './state/address.ts'
import { startConnection } from './state/connection.ts'
import { chooseWorkflow, keepShownForm } from './state/form.ts'
import { fillFrom } from './state/picture.ts'
import { readRun } from './state/queue.ts'
import { titleOf } from './state/runs.ts'
import { change, onChange, state } from './state/store.ts'
import { Compare } from './view/Compare.tsx'
import { Composer } from './view/Composer.tsx'
import { Gallery } from './view/Gallery.tsx'
import { Header, LiveText, waitsFor } from './view/Header.tsx'
import { Queue } from './view/Queue.tsx'
import { Reader } from './view/Reader.tsx'
import { Runs } from './view/Runs.tsx'
import { Stage } from './view/Stage.tsx'
import './styles/base.css'
import './styles/layout.css'
import './styles/form.css'
import './styles/stage.css'
import './styles/runs.css'
import './styles/dialogs.css'

const lost =
  'The server does not answer. Its runs may go on; the page starts nothing again, so nothing is paid twice.'

function Page(): JSX.Element {
  const { session, trouble, said } = state
  const waits = waitsFor(session)
  const problem = session?.isLost ? lost : waits && `${waits}. The page tries again by itself.`
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads somewhere, but must not change the address, which names a run */}
      <a
        class="skip"
        href="#inputs"
        onClick={(event) => {
          event.preventDefault()
          change({ focus: 'inputs' })
        }}
      >
        Skip to the inputs
      </a>
      <Header />
      <main>
        <p id="waiting" class="alert notice" role="status" hidden={!problem}>
          {problem}
        </p>
        <LiveText
          notice={trouble}
          id="trouble"
          class="alert"
          role="alert"
          hidden={!trouble || session?.isLost}
        />
        <div class="columns">
          <Composer />
          <div class="column">
            <Stage />
            <Queue />
            <Runs />
          </div>
        </div>
      </main>
      <Reader />
      <Gallery />
      <Compare />
      <LiveText notice={said} id="announcer" class="unseen" aria-live="polite" />
    </>
  )
}

function draw(): void {
  const focused = document.activeElement
  const stage = focused?.closest('#stage')
  render(<Page />, document.body)
  const run = state.runs.get(state.selected ?? '')
  document.title = run ? `${titleOf(run).slice(0, 60)} · FlowScale playground` : 'FlowScale playground'
  // If the button with the focus is gone or disabled, the title gets the focus.
  if (!focused?.isConnected || focused.matches(':disabled')) stage?.querySelector('h3')?.focus()
  const { focus, scrollTo } = state
  state.focus = state.scrollTo = undefined
  const place = document.getElementById(scrollTo ?? '')
  place?.scrollIntoView({ block: place.offsetHeight > innerHeight ? 'start' : 'nearest' })
  if (focus) document.getElementById(focus)?.focus()
}

/** Shows the run and the workflow in the address. */
function goBack(): void {
  const { run, workflow } = readAddress()
  change({ selected: run })
  const known = state.workflows.find(({ id }) => id === workflow)
  if (known && workflow !== state.workflowId) chooseWorkflow(known)
  if (state.session && run && !state.runs.has(run)) readRun(state.session, run)
}

addEventListener('popstate', goBack)
// The runs of another tab.
addEventListener('storage', readKeptRuns)
// Of a tab in the background, a phone tells no end.
for (const type of ['pagehide', 'visibilitychange']) addEventListener(type, keepShownForm)
// What misses the drop areas must not replace the page. A picture of a run fills the form, and a text its field.
const isForField = ({ target, dataTransfer }: DragEvent) =>
  (target as Element).matches?.('input, textarea') && !dataTransfer?.types.includes('Files')
addEventListener('dragover', (event) => isForField(event) || event.preventDefault())
addEventListener('drop', (event) => {
  const file = event.dataTransfer?.files[0]
  if (file && !event.defaultPrevented) fillFrom(file)
  if (!isForField(event)) event.preventDefault()
})

const { run, workflow } = readAddress()
onChange(draw)
readKeptRuns()
change({ selected: run, workflowId: workflow })
startConnection()
