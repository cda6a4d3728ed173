import { check, isId, type Rule } from '../internal/options.ts'

export const isNames: Rule = (names) =>
  (Array.isArray(names) &&
    names.every((name) => name && typeof name === 'string') &&
    new Set(names).size === names.length) ||
  'an array of different names, none empty'

const isWorkflow: Rule = (workflow) =>
  (isId(workflow?.id) === true && isNames(workflow.outputNames) === true) || 'made by defineWorkflow'

/** Before a run is paid for: its outputs must find their names afterwards. */
export const checkWorkflow = (workflow: unknown): void => check('workflow', workflow, isWorkflow)
