import type { Report } from '../../engine.ts'
import type { ReadFile, Workflows } from './createWorkflows.ts'
import type { Comfy } from './runs/types.ts'
import { NoAnswer } from './server/NoAnswer.ts'

/** Whether the server answers and keeps records, and what it can run. */
export async function report({ server, records }: Comfy, workflows: Workflows): Promise<Report> {
  try {
    const { system } = Object(await server.read('/system_stats'))
    const about = `version ${Object(system).comfyui_version ?? 'unknown'}`
    const files = await workflows.read()
    await records.prepare()
    return { servers: [{ name: 'ComfyUI', answers: true, about }], workflows: files.map(show) }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    const about = `does not answer (${error.message}); each request tries it again`
    const unread = workflows.names.map((id) => show({ id, problem: 'it is read once ComfyUI answers' }))
    return { servers: [{ name: 'ComfyUI', answers: false, about }], workflows: unread }
  }
}

function show({ id, workflow, problem }: ReadFile): Report['workflows'][number] {
  const inputs = [...(workflow?.inputs ?? [])].map(([name, { kind, required }]) => [name, { kind, required }])
  const outputs = [...(workflow?.outputs ?? [])].map(([name, { kind }]) => [name, kind])
  const shown = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) }
  return { id, ...shown, problem: problem ?? null }
}
