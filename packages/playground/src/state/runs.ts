// A run as the page hears of it, and what the page calls it.

import { isEnded, type Run, type RunStatus } from '@flowscale/client'
import { keptSiblings, keptWorkflowId, writeAddress } from './address.ts'
import { change, type Given, type PageOutput, type PageRun, type PageWorkflow, say, state } from './store.ts'

/** What a poll or a push connection says about a run. */
interface Heard {
  run_id?: string
  _id?: string
  status?: RunStatus
  progress?: number | undefined
  node?: unknown
  preview?: string | undefined
}

type Status = Pick<PageRun, 'status'>

/** Whether the page hears nothing of runs: it is not connected, or the server does not answer. */
export const isCutOff = (): boolean => !state.session || Boolean(state.session.isLost)

export const isDone = ({ status }: Status): boolean => status === 'completed' || status === 'success'
/** Whether a run has ended. `lost` is the page's own word for a run that the server does not know any more. */
export const hasEnded = ({ status }: Status): boolean => isEnded(status) || status === 'lost'

/** Whether the page can't say how far a run is. */
export const isUnheard = (run: Status): boolean => !hasEnded(run) && isCutOff()

/** The colour of a run: the name of a class. */
export const tone = ({ status }: Status): string =>
  isDone({ status })
    ? 'good'
    : ['queued', 'cancelled', 'canceled'].includes(status) || isUnheard({ status })
      ? ''
      : hasEnded({ status })
        ? 'bad'
        : 'busy'

/** The word for the state of a run. */
export const wordOf = (run: PageRun): string =>
  isUnheard(run)
    ? 'no news'
    : run.isCancelling && !hasEnded(run)
      ? 'cancelling'
      : run.status === 'lost'
        ? 'gone from the server'
        : run.status

/** Updates a run. A run that has ended keeps its status. */
export function note(id: string, { status, ...news }: Partial<PageRun>): PageRun {
  const run: PageRun = state.runs.get(id) ?? {
    id,
    status: 'queued',
    progress: 0,
    outputs: [],
    errors: [],
    inputs: [],
    at: Date.now(),
  }
  // A late update must not lower the progress.
  if (news.progress !== undefined) news.progress = Math.max(news.progress, run.progress)
  if (news.outputs) news.outputs = news.outputs.map((output) => shownOutput(run, output))
  if (status && status !== run.status && !hasEnded(run) && status !== 'queued') {
    run.status = status
    if (hasEnded(run)) run.endedAt ??= Date.now()
    if (id === state.selected) say(`Run ${wordOf(run)}`)
  }
  Object.assign(run, news)
  if (hasEnded(run)) run.preview = undefined
  if (run.node && run.nodes?.at(-1) !== run.node) run.nodes = [...(run.nodes ?? []), run.node].slice(-3)
  state.runs.set(id, run)
  change()
  return run
}

/** The output that the page shows already: another link would load the file again. */
const shownOutput = (run: PageRun, output: PageOutput): PageOutput =>
  run.outputs.find((known) => known.filename === output.filename && known.download_url) ?? output

/** Updates a run with a state from a poll or from a push connection. */
export const hear = ({ run_id, _id = run_id, status, progress, node, preview }: Heard): PageRun =>
  note(_id!, {
    ...(status && { status }),
    ...(typeof node === 'string' && node && { node }),
    ...(progress !== undefined && { progress }),
    ...(preview && { preview }),
  })

/** Updates a run with the run of a server's answer. */
export function noteRun(answer: Run): void {
  const { _id: id, inputs, outputs, created_at, completed_at, error, workflow_id } = answer
  const from = answer.started_at ?? created_at
  const isNew = !state.runs.has(id)
  const run = hear(answer)
  if (workflow_id) run.workflowId = workflow_id
  if (!run.outputs.length) {
    run.outputs = outputs.map(({ filename = '', url = null, text }) => {
      return { filename, download_url: url, ...(text && { text }) }
    })
  }
  // They include the seed that the server has drawn.
  if (inputs.length) run.inputs = inputs.map(({ path = '', value }) => [path, value])
  if (error && !run.errors.length) run.errors = [error]
  if (isNew && created_at) run.at = Date.parse(created_at)
  if (from && completed_at) run.tookMs = Date.parse(completed_at) - Date.parse(from)
  if (completed_at) run.endedAt = Date.parse(completed_at)
  else if (isNew && hasEnded(run)) run.endedAt = undefined
}

/** Shows a run on the stage, and scrolls to the stage. */
export function select(id: string): void {
  change({ selected: id, scrollTo: 'stage' })
  showInAddress()
}

/** Puts the chosen workflow and the selected run into the address of the page. */
export const showInAddress = (): void =>
  writeAddress({ workflow: state.workflowId?.trim(), run: state.selected })

/** The id of the workflow of a run, where it is known. */
export const workflowIdOf = (run: PageRun): string | undefined => run.workflowId ?? keptWorkflowId(run.id)

/** The workflow of a run. If its id is unknown, the only workflow with these inputs. */
export function workflowOf(run: PageRun): PageWorkflow | undefined {
  const known = workflowIdOf(run)
  if (known) return state.workflows.find(({ id }) => id === known)
  const given = run.inputs.map(([name]) => name)
  const fits = state.workflows.filter(
    ({ fields }) =>
      given.every((name) => fields.some((field) => field.name === name)) &&
      fields.every(({ name, details }) => !details || details.required === false || given.includes(name)),
  )
  return fits.length === 1 ? fits[0] : undefined
}

/** The name of the workflow of a run, unless its title begins with it. */
export function nameBeside(run: PageRun): string | undefined {
  const name = workflowOf(run)?.name
  return name && titleOf(run).startsWith(name) ? undefined : name
}

/** The runs that one click started together with a run, the run among them; none for a run of its own. */
export const siblingsOf = ({ id }: PageRun): PageRun[] =>
  keptSiblings(id).flatMap((one) => state.runs.get(one) ?? [])

/** The names of seeds. A run does not say which of its inputs is one. */
export const seedName: RegExp = /^seed(_|$)|_seed$/

/** The seed of a run in words. */
export const seedOf = ({ inputs }: PageRun): string =>
  inputs.flatMap(([name, value]) => (seedName.test(name) ? [`seed ${value}`] : []))[0] ?? ''

/** The inputs that make the same run again: those that were sent, and the seed that the server has drawn. */
export const givenOf = ({ sent = [], inputs }: PageRun): Given =>
  sent.length
    ? [...sent, ...inputs.filter(([name]) => seedName.test(name) && !sent.some(([own]) => own === name))]
    : inputs

/** How long the latest runs of a workflow took: the median of five, in ms. */
export function usualMs(workflowId: string | undefined): number | undefined {
  const took = [...state.runs.values()]
    .filter((run) => isDone(run) && workflowIdOf(run) === workflowId)
    .sort((a, b) => b.at - a.at)
    .flatMap(({ at, endedAt, tookMs = endedAt && endedAt - at }) => tookMs ?? [])
    .slice(0, 5)
    .sort((a, b) => a - b)
  return took[took.length >> 1]
}

const isFileName = (text: string) => /^[^\n]{1,255}\.\w{2,4}$/.test(text) && !/\.\s/.test(text)

/** The title of a run: its prompt, else the name of its workflow and what was given. */
export function titleOf(run: PageRun): string {
  const workflow = workflowOf(run)
  const given = run.inputs.flatMap(([name, value]) => {
    const { kind = 'string', details } = workflow?.fields.find((field) => field.name === name) ?? {}
    const text = textOf(value)
    const isName = isFileName(text)
    const words = isName || value === text ? text : `${human(name).toLowerCase()} ${text}`
    const isText = kind === 'string' && !details?.options && !isName && typeof [value].flat()[0] === 'string'
    return text ? [{ name, text, words, isText }] : []
  })
  const texts = given.filter(({ isText }) => isText)
  const title = texts.find(({ name }) => /prompt|^text/i.test(name)) ?? texts[0]
  if (title) return title.text
  const rest = given.map(({ words }) => words).join(', ')
  return [workflow?.name ?? `Run ${run.id.slice(0, 8)}`, rest].filter(Boolean).join(' · ')
}

/** The value of an input in words. */
export const textOf = (value: unknown): string =>
  [value ?? []]
    .flat()
    .map((item) => String(item).trim())
    .filter(Boolean)
    .join(' / ')

/** `Text 51536` and the like without its number: the words of an input's name. */
export function human(name: string): string {
  const words = name.replace(/_\d+$/, '').replaceAll('_', ' ').trim() || name
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The runs that match the search, the latest first. */
export const wantedRuns = (): PageRun[] =>
  [...state.runs.values()].filter(isWanted).sort((a, b) => b.at - a.at)

function isWanted(run: PageRun): boolean {
  const isOf: Record<string, boolean> = {
    going: !hasEnded(run),
    completed: isDone(run),
    failed: hasEnded(run) && !isDone(run),
  }
  const words = [titleOf(run), workflowOf(run)?.name ?? '', run.id].join('\n').toLowerCase()
  return (isOf[state.status] ?? true) && words.includes(state.find.trim().toLowerCase())
}

/** An output with its run. */
export interface Shown {
  run: PageRun
  output: PageOutput
}

/** The outputs of the runs that match the search, and those of the selected run. */
export const shownOutputs = (): Shown[] =>
  [...state.runs.values()]
    .filter((run) => isDone(run) && (run.id === state.selected || isWanted(run)))
    .sort((a, b) => b.at - a.at)
    .flatMap((run) => run.outputs.map((output) => ({ run, output })))
