import type { JSX, RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import {
  addRow,
  chooseWorkflow,
  chosenWorkflow,
  fields,
  isFree,
  isSeed,
  readInputs,
  refuseId,
  removeRow,
} from '../state/form.ts'
import { showInAddress, usualMs } from '../state/runs.ts'
import { change, type Field, type PageWorkflow, state } from '../state/store.ts'
import { seedCount, submit, submitSeeds } from '../state/submit.ts'
import { FormField } from './FormField.tsx'
import { LiveText } from './Header.tsx'
import { showCode } from './Reader.tsx'

/** The workflows, and the form of the chosen one. */
export function Composer(): JSX.Element {
  const { workflows, workflowId, workflowsWords } = state
  const list = useRef<HTMLDivElement>(null)
  // Not by `scrollIntoView`, which scrolls the page, too, and lets Tab start there.
  useLayoutEffect(() => {
    const all = list.current!.getBoundingClientRect()
    const chosen = list.current!.querySelector(':has(> :checked)')?.getBoundingClientRect() ?? all
    list.current!.scrollTop +=
      Math.min(0, chosen.top - all.top - 4) + Math.max(0, chosen.bottom - all.bottom + 4)
  }, [workflowId, workflows.length])
  return (
    <section class="card composer" aria-labelledby="composer-title">
      <h2 id="composer-title">Workflow</h2>
      <div ref={list} id="workflows" class="workflows" role="radiogroup" aria-labelledby="composer-title">
        {workflows.map((workflow, index) => (
          <WorkflowChoice key={workflow.id} workflow={workflow} index={index} />
        ))}
      </div>
      <p id="no-workflows" class="empty" hidden={!workflowsWords}>
        {workflowsWords}
      </p>
      <Form />
    </section>
  )
}

function WorkflowChoice({ workflow, index }: { workflow: PageWorkflow; index: number }) {
  const { id, name, description } = workflow
  return (
    <label class="workflow">
      <input
        type="radio"
        name="workflow"
        value={id}
        checked={id === state.workflowId}
        aria-labelledby={`name-${index}`}
        aria-describedby={`about-${index}`}
        onChange={() => chooseWorkflow(workflow)}
      />
      <strong id={`name-${index}`}>{name}</strong>
      <span id={`about-${index}`} title={description}>
        {description}
      </span>
    </label>
  )
}

// Hidden until there are workflows, and not absent: a link leads to it.
function Form() {
  const { isSubmitting, refusal, filled, fieldsOf, session } = state
  const bar = useRef<HTMLDivElement>(null)
  const hidden = useHidden(bar)
  const usual = usualMs(chosenWorkflow().id)
  const isOff = isSubmitting || session?.isLost
  return (
    <form
      id="inputs"
      aria-label="Inputs"
      tabIndex={-1}
      noValidate
      hidden={!state.isFormShown}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      onKeyDown={({ key, ctrlKey, metaKey }) => {
        if (key === 'Enter' && (ctrlKey || metaKey)) submit()
      }}
    >
      <LiveText notice={filled} id="filled" class="hint" role="status" hidden={!filled} />
      <WorkflowId />
      <div id="fields" class="column">
        {isFree() ? (
          <Rows />
        ) : (
          state.fields.map((field) => <FormField key={field} field={field} title={field.name} />)
        )}
        {fieldsOf && !state.fields.length && <p class="empty">This workflow takes no inputs.</p>}
      </div>
      <div ref={bar} class="go">
        {hidden > 0 && (
          <button
            type="button"
            class="below"
            onClick={({ currentTarget }) =>
              currentTarget.closest('section')?.scrollIntoView({ block: 'end' })
            }
          >
            {hidden === 1 ? '1 more input ↓' : `${hidden} more inputs ↓`}
          </button>
        )}
        <LiveText notice={refusal} id="refusal" class="alert" role="alert" hidden={!refusal} />
        <div class="start">
          <button
            type="submit"
            id="run"
            class="primary"
            aria-keyshortcuts="Control+Enter Meta+Enter"
            aria-describedby="usual"
            title="Ctrl + Enter"
            disabled={isOff}
          >
            {isSubmitting ? 'Submitting …' : 'Run'}
          </button>
          <span id="usual">{usual !== undefined && !isOff && about(usual)}</span>
        </div>
        {fields().some(isSeed) && (
          <button
            type="button"
            id="seeds"
            title={`Starts ${seedCount} runs that differ in the seed only`}
            disabled={isOff}
            onClick={submitSeeds}
          >
            {`Run ${seedCount} seeds`}
          </button>
        )}
        <button
          type="button"
          id="code"
          onClick={() => showCode(chosenWorkflow(), Object.entries(readInputs()))}
        >
          Code
        </button>
      </div>
    </form>
  )
}

/** How many inputs are behind the bar with the button Run, or below it. */
function useHidden(bar: RefObject<HTMLDivElement | null>): number {
  const [count, setCount] = useState(0)
  useLayoutEffect(() => {
    const look = () => {
      const { top } = bar.current!.getBoundingClientRect()
      const fields = [...document.querySelectorAll('#fields > .field, #fields .row')]
      setCount(fields.filter((field) => field.getBoundingClientRect().bottom > top + 1).length)
    }
    look()
    // The texts grow as they are typed.
    const observer = new ResizeObserver(look)
    observer.observe(document.querySelector('#fields')!)
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      observer.disconnect()
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [])
  return count
}

const about = (ms: number) =>
  ms < 90_000 ? `about ${Math.max(1, Math.round(ms / 1000))} s` : `about ${Math.round(ms / 60_000)} min`

function WorkflowId() {
  const { workflowId = '', workflowIdProblem } = state
  return (
    <div id="by-id" class="field" hidden={!isFree()}>
      <label for="workflow-id">
        <span>Workflow id</span>
      </label>
      <p id="workflow-id-problem" class="problem" hidden={!workflowIdProblem}>
        {workflowIdProblem}
      </p>
      <input
        id="workflow-id"
        spellcheck={false}
        autocapitalize="off"
        value={workflowId}
        aria-invalid={Boolean(workflowIdProblem)}
        aria-describedby="workflow-id-problem"
        onInput={({ currentTarget }) => {
          refuseId('')
          change({ workflowId: currentTarget.value })
          showInAddress()
        }}
      />
    </div>
  )
}

/** Fields of names and values, for a server that does not say which inputs a workflow takes. */
const Rows = () => (
  <div class="column">
    <div class="column">
      {state.rows.map((row) => (
        <Row key={row} row={row} />
      ))}
    </div>
    <div class="actions">
      <button type="button" id="add-text" onClick={() => addRow('string')}>
        Add a text
      </button>
      <button type="button" onClick={() => addRow('file')}>
        Add a file
      </button>
    </div>
  </div>
)

function Row({ row }: { row: Field }) {
  return (
    <div class="row field">
      <label for={`${row.id}-name`}>
        <span>Name of the input</span>
      </label>
      <input
        id={`${row.id}-name`}
        value={row.name}
        spellcheck={false}
        autocapitalize="off"
        aria-describedby={`${row.id}-problem`}
        onInput={({ currentTarget }) => {
          row.name = currentTarget.value
          change()
        }}
      />
      <FormField field={row} title={row.kind === 'file' ? 'file' : 'value'} />
      <button type="button" class="quiet" onClick={() => removeRow(row)}>
        Remove the input
      </button>
    </div>
  )
}
