// The form: its fields, what the user gave, and what the server says about it.

import type { WorkflowKind } from '@flowscale/client'
import { type KeptForm, keepForm, takeKeptForm } from './address.ts'
import { seedName, showInAddress, workflowIdOf, workflowOf } from './runs.ts'
import {
  change,
  type Field,
  type Given,
  type InputDetails,
  type PageRun,
  type PageWorkflow,
  state,
} from './store.ts'

/** What a call needs of its workflow. */
export type CalledWorkflow = Pick<PageWorkflow, 'id' | 'fields' | 'outputs'> & { namesFiles?: boolean }

export const isFile = ({ kind }: Pick<Field, 'kind'>): boolean =>
  ['image', 'video', 'audio', 'file'].includes(kind)
export const isPrompt = ({ name }: Pick<Field, 'name'>): boolean => /prompt|^text/.test(name)
/** The values of a field that is a choice. */
export const choicesOf = ({ kind, details }: Field): unknown[] | undefined =>
  details?.options && (kind === 'boolean' || !details.array)
    ? details.options
    : kind === 'boolean'
      ? [true, false]
      : undefined
/** Whether the control of a field takes a number. */
export const isNumber = ({ kind, details }: Field): boolean => kind === 'number' && !details?.array

/** Whether a field is the seed of a run. */
export const isSeed = (field: Field): boolean => isNumber(field) && seedName.test(field.name)

function newField(id: string, name: string, kind: WorkflowKind, details?: InputDetails): Field {
  const field: Field = { id, name, kind, details, isRow: false, text: '', files: [], problem: '' }
  const isText = !isFile(field) && !isNumber(field) && !choicesOf(field)
  if (isText && isPrompt(field) && details?.default === undefined) field.text = 'a lighthouse at dusk'
  return field
}

let rowCount = 0

/** Adds a field whose name the user types. */
export function addRow(kind: 'string' | 'file', name = '', value?: unknown): void {
  const field = { ...newField(`row-${rowCount++}`, '', kind), name, isRow: true }
  if (value !== undefined) write(field, value)
  change({ rows: [...state.rows, field], focus: `${field.id}-name` })
}

export const removeRow = (row: Field): void =>
  change({ rows: state.rows.filter((one) => one !== row), focus: 'add-text' })

/** The name under which a field is sent. */
export const nameOf = ({ name, isRow }: Field): string => (isRow ? name.trim() : name)

/** Whether the user types the id of the workflow and the names of its inputs. */
export const isFree = (): boolean => state.fieldsOf === ''

/** The fields that are sent. */
export const fields = (): Field[] =>
  state.workflows.length ? state.fields : state.rows.filter((row) => nameOf(row) || read(row) !== undefined)

export const readInputs = (): Record<string, unknown> =>
  Object.fromEntries(fields().map((field) => [nameOf(field), read(field)]))

/** What the user gave: `undefined` means that the server's default applies. */
function read(field: Field): unknown {
  const { files, text, details } = field
  if (isFile(field)) return files.length > 1 ? files : files[0]
  const choices = choicesOf(field)
  if (choices) return text === '' ? undefined : choices[Number(text)]
  // A seed may have more digits than a number holds. What is no number is for the server to refuse.
  if (isNumber(field)) {
    const number = Number(text)
    return text === '' ? undefined : String(number) === text || Number.isSafeInteger(number) ? number : text
  }
  const trimmed = text.trim() || undefined
  const lines = details?.array ? (trimmed?.split(/(?<!\s)\s*\n\s*/) ?? []) : []
  return lines.length > 1 ? lines : trimmed
}

/** Puts a value of a run into a field. */
function write(field: Field, value: unknown): void {
  const values = [value ?? []].flat()
  const choice = choicesOf(field)?.findIndex((one) => String(one) === String(value))
  field.problem = ''
  field.files = values.filter((one) => one instanceof File)
  field.text = choice === undefined ? values.join('\n') : choice < 0 ? '' : String(choice)
  // A run has only the names of its files.
  const names = isFile(field) ? values.filter((one) => typeof one === 'string') : []
  field.lost = names.length ? names : undefined
  if (field.lost)
    field.problem = `Choose the ${names.length > 1 ? 'files' : 'file'} again: ${names.join(', ')}`
}

export const chosenWorkflow = (): CalledWorkflow =>
  state.workflows.find(({ id }) => id === state.workflowId) ?? {
    id: state.workflowId?.trim() ?? '',
    fields: [],
    outputs: [],
  }

/** The name of a file, and any other value as it is. */
export const shownOf = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(shownOf) : value instanceof File ? value.name : value

/** Keeps the form for a reload of the page. A form that was never shown does not replace the one that is kept. */
export function keepShownForm(): void {
  if (!state.isFormShown) return
  const all = fields()
  keepForm({
    workflow: chosenWorkflow().id,
    given: all.map((field) => [nameOf(field), shownOf(read(field)) ?? field.lost]),
    files: all.filter(isFile).map(nameOf),
  })
}

function restore({ given, files }: KeptForm): void {
  if (isFree()) {
    for (const [name, value] of given) addRow(files.includes(name) ? 'file' : 'string', name, value)
    change({ focus: undefined })
  } else fill(given)
}

/**
 * Shows the workflows of the server, and the form of the chosen workflow. Gives true if the form is new: it is none that
 * was kept, and the user has typed nothing.
 */
export function showWorkflows(workflows: PageWorkflow[]): boolean {
  const chosen = workflows.find(({ id }) => id === state.workflowId) ?? workflows[0]
  const words = workflows.length ? '' : 'This server lists no workflows. Type the id of a workflow.'
  change({ workflows, workflowsWords: words, isFormShown: true })
  const isNew = !state.fieldsOf && !state.rows.length
  if (!chosen) change({ fieldsOf: '' })
  else if (chosen.id !== state.workflowId || !state.fieldsOf) chooseWorkflow(chosen)
  const kept = isNew ? takeKeptForm() : undefined
  if (kept?.workflow !== chosenWorkflow().id) return isNew
  restore(kept)
  return false
}

/** Shows the form of a workflow. */
export function chooseWorkflow({ id, fields, problem }: PageWorkflow): void {
  change({
    workflowId: id,
    refusal: problem ? { text: problem } : undefined,
    filled: undefined,
    fieldsOf: id,
    fields: fields.map(({ name, kind, details }, index) => newField(`field-${index}`, name, kind, details)),
  })
  showInAddress()
}

/** Puts values into the form, and empties the other fields. */
export function fill(given: Given): void {
  for (const field of state.fields) write(field, given.find(([name]) => name === field.name)?.[1])
}

/** Puts the inputs of a run into the form. Gives false if the workflow is missing or a field has a problem. */
export function refill(run: PageRun, withFocus = true): boolean {
  const given = run.sent ?? run.inputs
  if (state.workflows.length) {
    const workflow = workflowOf(run)
    if (!workflow) return false
    chooseWorkflow(workflow)
    fill(given)
  } else {
    change({ workflowId: workflowIdOf(run) ?? '', rows: [] })
    for (const [name, value] of given) addRow(value instanceof File ? 'file' : 'string', name, value)
    showInAddress()
  }
  const wrong = fields().find(({ problem }) => problem)
  change({ focus: withFocus ? ((wrong ?? fields()[0])?.id ?? 'run') : undefined })
  return !wrong
}

/** Shows a problem under the label of a field. */
export function refuse(field: Field, problem: string): void {
  field.problem = problem
  change()
}

/** Shows a problem under the label of the workflow's id. */
export const refuseId = (workflowIdProblem: string): void =>
  change({ workflowIdProblem, ...(workflowIdProblem && { focus: 'workflow-id' }) })

/** A message of the server about an input. */
export interface Detail {
  field: string
  message: string
}

/** Shows the server's messages under the labels. Gives the messages that belong to no label. */
export function showProblems(details: readonly Detail[]): Detail[] {
  change({ refusal: undefined })
  refuseId('')
  const isOf = (name: string) => (detail: Detail) => detail.field.split('.').includes(name)
  const wordsOf = (own: Detail[]) => own.map(({ message }) => message).join('; ')
  let rest = [...details]
  for (const field of fields()) {
    // `prompt.1` is about the second value of `prompt`.
    const isOwn = isOf(nameOf(field))
    refuse(field, wordsOf(rest.filter(isOwn)))
    rest = rest.filter((detail) => !isOwn(detail))
  }
  const wrong = fields().find(({ problem }) => problem)
  if (wrong) change({ focus: wrong.id })
  if (!isFree()) return rest
  const isOfId = isOf('workflow_id')
  refuseId(wordsOf(rest.filter(isOfId)))
  return rest.filter((detail) => !isOfId(detail))
}
