import type { Report } from '../engine.ts'
import { NoAnswer, parseJson } from './api/client.ts'
import type { ReadFile } from './catalog.ts'
import type { Site } from './pool/members.ts'
import { isObject } from './workflows/types.ts'

const ADVICE = 'correct the address of ComfyUI'

/** Whether each server answers and keeps records, and what the servers can run. */
export async function report(sites: readonly Site[]): Promise<Report> {
  const all = await Promise.all(sites.map(look))
  const files = all.flatMap(({ read }) => read ?? [])
  const isLacking = ({ id, problem }: ReadFile): boolean =>
    problem !== undefined && files.some((other) => other.id === id && other.problem === undefined)
  const servers = all.map(({ name, about, read }) => {
    const lacking =
      read?.filter(isLacking).map(({ id, problem }) => `; "${id}" can't run there: ${problem}`) ?? []
    return { name, answers: read !== undefined, about: about + lacking.join('') }
  })
  const known = new Map<string, ReadFile>()
  for (const file of files) if (!file.problem || !known.has(file.id)) known.set(file.id, file)
  const unread = all.find(({ read }) => read === undefined)
  const problem = 'it is read once ComfyUI answers'
  if (unread && known.size === 0) {
    return { servers, workflows: sites[0]!.workflows.names.map((id) => show({ id, problem })) }
  }
  return { servers, workflows: [...known.values()].map(show) }
}

async function look({ server, own, workflows, container }: Site): Promise<{
  name: string
  about: string
  /** What it can run, where it answers. */
  read?: ReadFile[]
}> {
  const { name } = container.latest()
  try {
    const { text } = await server.send('/system_stats')
    const { system } = Object(parseJson(text))
    if (!isObject(system)) return { name, about: `${server.url} answers, but is not ComfyUI: ${ADVICE}` }
    const files = await workflows.read(true)
    await own.prepare()
    const read = files.map((file) => ({ ...file, problem: file.problem ?? file.lack }))
    return { name, about: `version ${system.comfyui_version ?? 'unknown'}`, read }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return { name, about: `${server.url} does not answer (${error.why}): start ComfyUI, or ${ADVICE}` }
  }
}

function show({ id, workflow, problem }: ReadFile): Report['workflows'][number] {
  const inputs = [...(workflow?.inputs ?? [])].map(([name, { kind, required }]) => [name, { kind, required }])
  const outputs = [...(workflow?.outputs ?? [])].map(([name, { kind }]) => [name, kind])
  const shown = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) }
  return { id, ...shown, problem: problem ?? null }
}
