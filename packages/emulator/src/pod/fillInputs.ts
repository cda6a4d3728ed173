import type { Random } from '../internal/createRandom.ts'
import type { Workflow } from '../options/checkWorkflows.ts'
import type { WorkflowInputs } from '../types.ts'

/** Adds the defaults, and draws the seeds, of inputs that were not sent. */
export function fillInputs(
  { inputs, seeds }: Workflow,
  sent: WorkflowInputs,
  random: Random,
): { values: WorkflowInputs; drawn: { path: string; value: number }[] } {
  // A map, since an input may be called `__proto__`.
  const values = new Map(Object.entries(sent))
  const drawn: { path: string; value: number }[] = []
  for (const [path, { default: preset, min = 0, max = Number.MAX_SAFE_INTEGER }] of inputs) {
    if (values.has(path)) continue
    if (preset !== undefined) values.set(path, preset)
    if (!seeds.includes(path)) continue
    const low = Math.ceil(Math.max(min, Math.min(0, max)))
    const value = low + Math.floor(random() * (Math.floor(max) - low + 1))
    drawn.push({ path, value: Math.min(value, max) })
    values.set(path, drawn.at(-1)!.value)
  }
  return { values: Object.fromEntries(values), drawn }
}
