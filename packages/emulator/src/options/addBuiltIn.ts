import { builtIn } from '../workflows/builtIn.ts'
import { checkWorkflows, type Workflow } from './checkWorkflows.ts'

/** The built-in workflows and the user's own, by id. A workflow of the user replaces a built-in one with its id. */
export function addBuiltIn(own: readonly Workflow[]): Map<string, Workflow> {
  const seen = new Set<string>()
  for (const { id } of own) {
    if (seen.has(id)) throw new TypeError(`createEmulator: option "workflows" has the id "${id}" twice`)
    seen.add(id)
  }
  return new Map([...checkWorkflows(builtIn()), ...own].map((workflow) => [workflow.id, workflow]))
}
