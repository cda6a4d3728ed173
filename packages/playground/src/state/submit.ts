// A run from its submission to its end, or to its cancellation.

import { cancelRun, isFlowScaleError, type RunResult } from '@flowscale/client'
import { executeWorkflowAsync, waitForResult } from '@flowscale/client/poller'
import { keepRun } from './address.ts'
import {
  chosenWorkflow,
  type Detail,
  fields,
  isSeed,
  nameOf,
  readInputs,
  refuse,
  refuseId,
  shownOf,
  showProblems,
} from './form.ts'
import { readQueueSoon, readRun, readRuns } from './queue.ts'
import { hear, note, select } from './runs.ts'
import { change, type Failure, type PageRun, type Session, say, state } from './store.ts'

const brokenOff =
  'You disconnected before the server answered. The run may have started: connect, and look among the runs.'

const refuseRun = (text: string) => change({ refusal: { text } })

/** Runs the workflow of the form, and follows the run to its end. */
export async function submit(): Promise<void> {
  const ready = readForm()
  if (ready) await submitAll(ready, [readInputs()])
}

export const seedCount = 4

/** Starts runs that differ in nothing but the seed. */
export async function submitSeeds(): Promise<void> {
  const field = fields().find(isSeed)
  const ready = field && readForm()
  if (!ready) return
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = field.details ?? {}
  const text = field.text.trim()
  if (!/^(-?\d+)?$/.test(text)) return refuse(field, 'Write a whole number, or leave this empty.')
  // Seeds may have more digits than a number holds.
  const least = BigInt(Math.ceil(min))
  const most = BigInt(Math.floor(max)) - BigInt(seedCount - 1)
  const count = most > least ? most - least + 1n : 1n
  const wish = text ? BigInt(text) : least + (BigInt(crypto.getRandomValues(new Uint32Array(1))[0]!) % count)
  const first = wish > most ? most : wish
  const inputs = readInputs()
  const all = Array.from({ length: seedCount }, (_, index) => {
    const seed = first + BigInt(index)
    return { ...inputs, [nameOf(field)]: Number.isSafeInteger(Number(seed)) ? Number(seed) : String(seed) }
  })
  await submitAll(ready, all)
}

interface Ready {
  session: Session
  workflowId: string
}

/** What a run needs, or nothing, if the form is not ready for one. */
function readForm(): Ready | undefined {
  const { session } = state
  if (!session) return void refuseRun('Connect to a server first.')
  // The button is off. There are also the keys, and Run again.
  if (session.isLost || state.isSubmitting) return undefined
  const { id: workflowId } = chosenWorkflow()
  showProblems([])
  if (!workflowId) return void refuseId('Give the id of a workflow.')
  const nameless = fields().find((field) => !nameOf(field))
  if (nameless) return void refuse(nameless, 'Name this input, or remove it.')
  const wrong = fields().find(({ isUnreadable, lost }) => isUnreadable || lost)
  if (!wrong) return { session, workflowId }
  const { lost } = wrong
  // A run without the file costs as much as a run with it. So it takes a second click.
  wrong.lost = undefined
  refuse(
    wrong,
    lost
      ? `Choose again: ${lost.join(', ')}. To run without, press the button again.`
      : 'Write a number, or leave this empty.',
  )
  return void change({ focus: wrong.id })
}

/** Starts one run after the other. Ends at the first that is not started: an error may have started it. */
async function submitAll(ready: Ready, all: Record<string, unknown>[]): Promise<void> {
  change({ isSubmitting: true, filled: undefined })
  let first: string | undefined
  let count = 0
  try {
    for (const inputs of all) {
      const runId = await start(ready, inputs)
      first ??= runId
      keepRun(runId, ready.workflowId, all[1] && first)
      change()
      if (!count++) select(runId)
    }
  } catch (error) {
    const { signal } = ready.session.stop
    if (signal.aborted) refuseRun(brokenOff)
    else showRefusal(error as Refusal)
    if (count) refuseRun([`${count} of ${all.length} runs were started.`, state.refusal?.text].join(' '))
    if (!signal.aborted) readQueueSoon(ready.session)
  }
  change({ isSubmitting: false })
}

/** Starts a run with one request, and follows it to its end. Gives its id. */
function start({ session, workflowId }: Ready, inputs: Record<string, unknown>): Promise<string> {
  return new Promise((started, failed) => {
    let id = ''
    const wait = executeWorkflowAsync(session.client, workflowId, inputs as Record<string, string>, {
      push: session.socket,
      signal: session.stop.signal,
      previews: true,
      // The id comes before the first poll. From here on, the run can be cancelled, and is not lost.
      onSubmitted: ({ runId }) => {
        id = runId
        noteSubmission(runId, workflowId, inputs)
        readQueueSoon(session)
        started(runId)
        follow(session, runId, wait)
      },
      onProgress: (news) => hear({ ...news, run_id: id }),
    })
    // Once the run is started, its error is for `follow`.
    wait.catch(failed)
  })
}

function noteSubmission(runId: string, workflowId: string, inputs: Record<string, unknown>): void {
  const sent = Object.entries(inputs).filter(([, value]) => value !== undefined)
  const shown = sent.map(([name, value]): [string, unknown] => [name, shownOf(value)])
  // A restarted server may give an id again.
  state.runs.delete(runId)
  note(runId, { isFollowed: true, workflowId, sent, inputs: shown, at: Date.now() })
}

interface Refusal extends Failure {
  details?: Detail[]
  maybeSubmitted?: boolean
}

/** Shows at the fields why a run was not submitted. Messages that belong to no field are above the button. */
function showRefusal(error: Refusal): void {
  const { details = [], maybeSubmitted, message, errors } = error
  // An error of the client names the input: `inputs.seed is …`.
  const own = fields()
    .map(nameOf)
    .find((name) => name && message.startsWith(`inputs.${name} `))
  const all = own ? [...details, { field: own, message: message.slice('inputs.'.length) }] : details
  const words = showProblems(all).map(({ field, message }) =>
    [field.replace('body.', ''), message].filter(Boolean).join(': '),
  )
  if (words.length) refuseRun(words.join('; '))
  else if (!all.length) {
    const hint = maybeSubmitted ? '. It may have been submitted all the same: look among the runs.' : ''
    refuseRun((isFlowScaleError(error) && errors?.join('; ')) || message + hint)
  }
}

/** Waits for the end of a run, and shows it. `wait` is the promise of its result, if there is one. */
export async function follow(
  session: Session,
  id: string,
  wait: Promise<RunResult> = resume(session, id),
): Promise<void> {
  try {
    const { outputs } = await wait
    note(id, { status: 'completed', progress: 1, outputs })
    // Reads the inputs as the server has them. The page does not show an error of this request.
    await readRun(session, id)
  } catch (error) {
    if (session.stop.signal.aborted) return
    if (!isFlowScaleError(error)) return followLater(session, id, error as Error)
    if (error.code === 'ERR_FLOWSCALE_TIMEOUT' && error.resume) return follow(session, id, error.resume())
    if (error.code === 'ERR_FLOWSCALE_RUN') note(id, { status: error.status, errors: error.errors })
    else if ((error as Failure).status === 404) note(id, { status: 'lost' })
    else return followLater(session, id, error)
  }
  readQueueSoon(session)
}

const resume = ({ client, socket, stop }: Session, id: string) =>
  waitForResult(client, id, {
    push: socket,
    signal: stop.signal,
    onProgress: (news) => hear({ ...news, run_id: id }),
  })

/** Waits again after any other error: the run may go on. */
async function followLater(session: Session, id: string, { message }: Error): Promise<void> {
  const text = `The page looks for the run ${id} again: ${message}`
  if (state.trouble?.text !== text) change({ trouble: { text } })
  await new Promise((resolve) => setTimeout(resolve, 5000))
  if (session !== state.session) return
  await follow(session, id)
  if (state.trouble?.text === text) change({ trouble: undefined })
}

/** Cancels a run. */
export async function cancel(run: PageRun): Promise<void> {
  const { session } = state
  if (!session) return
  note(run.id, { isCancelling: true })
  say('Cancelling')
  try {
    await cancelRun(session.client, run.id, { signal: session.stop.signal })
    if (!run.isFollowed) await readRuns(session)
  } catch (error) {
    note(run.id, { isCancelling: false })
    change({ trouble: { text: `The run could not be cancelled: ${(error as Error).message}` } })
  }
}
