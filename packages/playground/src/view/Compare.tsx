import type { JSX } from 'preact'
import {
  isDone,
  seedOf,
  siblingsOf,
  textOf,
  titleOf,
  wordOf,
  workflowIdOf,
  workflowOf,
} from '../state/runs.ts'
import { change, type PageRun, state } from '../state/store.ts'
import { closeDialog, Dialog } from './Dialog.tsx'
import { Media } from './Output.tsx'

/** All other runs: first those that the same click started, then those of the same workflow, then the rest, the latest first. */
function othersOf(run: PageRun): PageRun[] {
  const siblings = siblingsOf(run)
  const rank = (one: PageRun) =>
    siblings.includes(one)
      ? siblings.indexOf(one) - siblings.length
      : Number(workflowNameOf(one) !== workflowNameOf(run))
  return [...state.runs.values()]
    .filter((one) => one !== run)
    .sort((a, b) => rank(a) - rank(b) || b.at - a.at)
}

/** Compares a run with the first of its other runs. */
export function compare(run: PageRun): void {
  const [other] = othersOf(run)
  if (other) change({ compared: [run.id, other.id] })
}

/** Two runs side by side. */
export function Compare(): JSX.Element {
  const [first, second] = (state.compared ?? []).map((id) => state.runs.get(id))
  return (
    <Dialog id="compare" aria-labelledby="compare-title" onClose={() => change({ compared: undefined })}>
      {first && second && (
        <>
          <h2 id="compare-title">Two runs</h2>
          <div class="pair">
            <Side place={0} run={first} />
            <Side place={1} run={second} />
          </div>
          <Inputs first={first} second={second} />
          <div class="actions">
            <button type="button" onClick={closeDialog}>
              Close
            </button>
          </div>
        </>
      )}
    </Dialog>
  )
}

/** When a run was submitted, and its seed. */
const factsOf = (run: PageRun) =>
  [new Date(run.at).toLocaleTimeString('en-GB'), seedOf(run)].filter(Boolean).join(' · ')

/** A run, which can be replaced by another, and its outputs. */
function Side({ place, run }: { place: 0 | 1; run: PageRun }) {
  const name = place ? 'Second run' : 'First run'
  const choose = (id: string) => {
    const [first, second] = state.compared!
    change({ compared: place ? [first, id] : [id, second] })
  }
  return (
    <section aria-label={name}>
      {/* A select shows a single line, so its run stands behind it. */}
      <div class="pick">
        <small>{factsOf(run)}</small>
        <p>{titleOf(run)}</p>
        <select aria-label={name} value={run.id} onInput={({ currentTarget }) => choose(currentTarget.value)}>
          {[run, ...othersOf(run)].map((one) => (
            <option key={one.id} value={one.id}>
              {`${factsOf(one)} · ${titleOf(one).slice(0, 60)}`}
            </option>
          ))}
        </select>
      </div>
      <div>
        {isDone(run) ? (
          run.outputs.map((output) => <Media key={output} run={run} output={output} />)
        ) : (
          <p>{run.errors.join('\n') || wordOf(run)}</p>
        )}
      </div>
    </section>
  )
}

/** The inputs of both runs; those that differ are marked. */
function Inputs({ first, second }: { first: PageRun; second: PageRun }) {
  const isMixed = workflowNameOf(first) !== workflowNameOf(second)
  const [a, b] = [valuesOf(first, isMixed), valuesOf(second, isMixed)]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Input</th>
          <th scope="col">First run</th>
          <th scope="col">Second run</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => {
          const [one, other] = [a[name] ?? '', b[name] ?? '']
          const differs = one !== other
          return (
            <tr key={name} class={differs ? 'differs' : ''}>
              <th scope="row">
                {name} {differs && <small>differs</small>}
              </th>
              <td>{differs ? <Marked text={one} other={other} /> : one}</td>
              <td>{differs ? <Marked text={other} other={one} /> : other}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

const workflowNameOf = (run: PageRun): string => workflowOf(run)?.name ?? workflowIdOf(run) ?? ''

const valuesOf = (run: PageRun, withWorkflow: boolean): Record<string, string> => ({
  ...(withWorkflow && { Workflow: workflowNameOf(run) }),
  ...Object.fromEntries(run.inputs.map(([name, value]) => [name, textOf(value)])),
})

/** A text whose words in the middle are marked: those before and after them are the other text's, too. */
function Marked({ text, other }: { text: string; other: string }) {
  const [own, its] = [text.split(/(?<=\s)/), other.split(/(?<=\s)/)]
  const most = Math.min(own.length, its.length)
  let start = 0
  while (start < most && own[start] === its[start]) start++
  let end = 0
  while (end < most - start && own.at(-1 - end) === its.at(-1 - end)) end++
  const middle = own.slice(start, own.length - end).join('')
  return (
    <>
      {own.slice(0, start).join('')}
      {middle && <mark>{middle}</mark>}
      {own.slice(own.length - end).join('')}
    </>
  )
}
