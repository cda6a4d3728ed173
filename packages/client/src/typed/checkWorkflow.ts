import { check } from '../internal/options.ts'

export const areNames = (names: unknown): boolean =>
  Array.isArray(names) &&
  names.every((name) => name && typeof name === 'string') &&
  new Set(names).size === names.length

/** Checks a workflow before a run is paid for: its outputs need names afterwards. The id is checked when it is sent. */
export const checkWorkflow = (workflow: unknown): void =>
  check('workflow', workflow, (value) => areNames(value?.outputNames) || 'made by defineWorkflow')
