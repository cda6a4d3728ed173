import type { WorkflowDefinition } from '../types.ts'
import { loadAll } from './loadAll.ts'

/**
 * Loads your own workflows for {@link createEmulator}: from a module that exports definitions, from a ComfyUI file, or from
 * a folder of ComfyUI files. Each is a `NAME.json` in the API format; your own names are in `NAME.flowscale.json` in the
 * same folder. `@flowscale/gateway` shows the same names, inputs and outputs.
 *
 * @param warn Called with a line for each node class that the emulator does not know, and for each file of a folder
 *   that it can't use when it can use others. Default: `console.warn`
 * @throws `Error` where there is nothing at the path, or nothing that is a workflow; `TypeError` for a wrong definition.
 *
 * @example
 * ```ts
 * const emulator = createEmulator({ workflows: await loadWorkflows('workflows'), speed: Infinity })
 * ```
 */
export async function loadWorkflows(
  path: string,
  warn: (note: string) => void = console.warn,
): Promise<WorkflowDefinition[]> {
  const { definitions, notes } = await loadAll([path])
  for (const note of notes) warn(note)
  return definitions
}
