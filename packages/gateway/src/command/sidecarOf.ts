import type { ComfyWorkflow } from '../comfyui/workflows/types.ts'

/**
 * The sidecar that names the same inputs and outputs. It has no lists of choices and no range of seeds, since those are
 * the server's and change with it.
 */
export function sidecarOf({ shown, inputs, outputs }: ComfyWorkflow): Record<string, unknown> {
  const entries = [...inputs].map(([name, input]) => {
    const { node, field, kind, required, seed, default: preset, description } = input
    const range = seed ? {} : { min: input.min, max: input.max }
    return [name, { node, input: field, kind, required, default: preset, ...range, description }]
  })
  const { id, name, description } = shown
  const sidecar = {
    id,
    name,
    description,
    inputs: Object.fromEntries(entries),
    outputs: Object.fromEntries([...outputs].map(([key, { node }]) => [key, { node }])),
  }
  // Without the keys that are undefined.
  return JSON.parse(JSON.stringify(sidecar))
}
