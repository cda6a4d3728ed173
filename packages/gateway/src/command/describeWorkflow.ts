import type { ComfyWorkflow, NamedInput } from '../comfyui/workflows/types.ts'
import { notesOf } from './notesOf.ts'

const MOST_OPTIONS = 8
const LONGEST_TEXT = 40

/** The output of `inspect`: inputs and outputs with the reasons for their names, missing classes and choices, and notes. */
export function describeWorkflow(workflow: ComfyWorkflow): string {
  const { shown, nodes, inputs, outputs, missing, lacks } = workflow
  const notes = notesOf(workflow).map((note) => [note])
  const nodeOf = (id: string): string => `node ${id} ${JSON.stringify(nodes.get(id)!.title)}`
  const inputRows = [...inputs].map(([name, input]) => [
    name,
    input.array ? `${input.kind} list` : input.kind,
    limitsOf(input),
    `${nodeOf(input.node)}, ${input.field}`,
    input.why,
  ])
  const outputRows = [...outputs].map(([name, { kind, node, why }]) => [name, kind, nodeOf(node), why])
  const missingRows = missing.map(({ classType, node }) => [classType, nodeOf(node)])
  return [
    shown.name === shown.id ? shown.id : `${shown.id} (${shown.name})`,
    ...(shown.description ? [shown.description] : []),
    ...section('Inputs', inputRows),
    ...section('Outputs', outputRows),
    ...(missing.length > 0 ? section('Node classes that the server does not have', missingRows) : []),
    ...(lacks.length > 0
      ? section(
          'Choices that the server does not have',
          lacks.map(({ message }) => [message]),
        )
      : []),
    ...(notes.length > 0 ? section('Left out; a sidecar can name them', notes) : []),
    '',
  ].join('\n')
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '))
  return ['', title, ...(rows.length > 0 ? lines : ['none']).map((line) => `  ${line}`.trimEnd())]
}

function limitsOf({ required, seed, default: preset, min, max, options }: NamedInput): string {
  const shown = options?.slice(0, MOST_OPTIONS).join(', ')
  const more = options && options.length > MOST_OPTIONS ? `… (${options.length})` : ''
  return [
    required ? 'required' : seed ? 'drawn' : preset === undefined ? 'optional' : `default ${brief(preset)}`,
    min === undefined || seed ? '' : `from ${min}`,
    max === undefined || seed ? '' : `to ${max}`,
    options ? `one of ${shown}${more}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function brief(value: string | number | boolean): string {
  const text = JSON.stringify(value)
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
}
