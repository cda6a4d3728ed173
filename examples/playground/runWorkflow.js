import { page } from './page.js'

// FlowScale does not say which workflow a run is of, so the page remembers its own.
const place = 'flowscale-playground-runs'

const read = () => {
  try {
    return new Map(JSON.parse(localStorage.getItem(place)))
  } catch {
    return new Map()
  }
}
let remembered = read()
// Runs of another tab.
addEventListener('storage', () => {
  remembered = read()
})

/** Remembers the workflow of a run in this browser, for the last 300 runs. */
export function rememberRun(runId, workflowId) {
  remembered.delete(runId)
  remembered.set(runId, workflowId)
  try {
    localStorage.setItem(place, JSON.stringify([...remembered].slice(-300)))
  } catch {
    // A browser that stores nothing forgets it at the next reload.
  }
}

/** The id of the workflow of a run, where it is known. */
export const workflowIdOf = (run) => run.workflowId ?? remembered.get(run.id)

/** The workflow of a run. If its id is unknown, the only workflow with these inputs. */
export function workflowOf(run) {
  const known = workflowIdOf(run)
  return known ? page.workflows.find(({ id }) => id === known) : guessWorkflow(run, page.workflows)
}

/** The one workflow that takes just these inputs. */
function guessWorkflow(run, workflows) {
  const given = run.inputs.map(([name]) => name)
  const fits = workflows.filter(({ fields }) => {
    const isRequired = ({ details }) => details && details.required !== false
    return (
      given.every((name) => fields.some((field) => field.name === name)) &&
      fields.every((field) => !isRequired(field) || given.includes(field.name))
    )
  })
  return fits.length === 1 ? fits[0] : undefined
}
