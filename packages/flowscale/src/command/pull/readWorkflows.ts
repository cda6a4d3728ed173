import type { Workflow, WorkflowKind } from '@flowscale/client'
import { CommandError } from '../errors.ts'
import { type InputSpec, readKinds, readSpecs } from '../workflow.ts'
import { nameConstants } from './nameConstants.ts'

export interface PulledInput extends InputSpec {
  readonly name: string
}

/** A workflow as it is written. */
export interface PulledWorkflow {
  /** The name of its constant. */
  readonly constant: string
  readonly id: string
  readonly name: string
  readonly description: string
  /** Those that are required first, then by name. */
  readonly inputs: readonly PulledInput[]
  /** By name. Empty if the server names none, or does not say which file belongs to which output. */
  readonly outputs: readonly { readonly name: string; readonly kind: WorkflowKind }[]
  /** According to the server, the name of each file begins with the name of its output. */
  readonly namesFiles: boolean
}

/** Matches an id that no path of an address can hold. */
const isNoId = /^\.{0,2}$|\p{Surrogate}/u

/**
 * Checks the workflows that a server lists, and sorts them by the names of their constants. The names depend on the whole
 * list, so that they stay the same when only some of the workflows are picked.
 */
export function readWorkflows(listed: readonly Workflow[]): PulledWorkflow[] {
  const all = [...new Map(listed.map((workflow) => [JSON.stringify(workflow), workflow])).values()]
  const ids = new Set<string>()
  for (const { id } of all) {
    if (isNoId.test(id)) throw broken(`a workflow with the id "${id}", which is none`)
    if (ids.has(id)) throw broken(`different workflows with the id ${id}`)
    ids.add(id)
  }
  const constants = nameConstants(all)
  return all
    .map((workflow) => readWorkflow(workflow, constants.get(workflow.id)!))
    .sort((a, b) => compare(a.constant, b.constant))
}

function readWorkflow(workflow: Workflow, constant: string): PulledWorkflow {
  const { id, name, description, names_files: namesFiles } = workflow
  return {
    constant,
    id,
    name,
    description,
    inputs: [...readSpecs(workflow)]
      .map(([name, spec]) => ({ name, ...spec }))
      .sort((a, b) => Number(b.required) - Number(a.required) || compare(a.name, b.name)),
    outputs: Object.entries(readKinds(workflow, 'outputs'))
      .filter(([name]) => name)
      .map(([name, kind]) => ({ name, kind }))
      .sort((a, b) => compare(a.name, b.name)),
    namesFiles: namesFiles === true,
  }
}

/** By code units: the same order on each machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const broken = (found: string): CommandError => new CommandError('failed', `The server lists ${found}.`)
