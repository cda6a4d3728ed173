import type { Workflow } from '@flowscale/client'
import { CommandError } from '../errors.ts'
import { readKinds, readSpecs } from '../workflow.ts'
import { compare } from './compare.ts'
import { nameConstants } from './nameConstants.ts'
import type { PulledWorkflow } from './types.ts'

/** No path of an address could hold it. */
const isNoId = /^\.{0,2}$|\p{Surrogate}/u

/**
 * What a server lists, in an order of its own: by the names of the constants. Those depend on all that is listed, so that
 * they stay the same whichever are picked afterwards.
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

const broken = (found: string): CommandError => new CommandError('failed', `The server lists ${found}.`)
