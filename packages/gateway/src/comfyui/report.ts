import type { Report } from '../engine.ts'
import { NoAnswer, parseJson } from './api/client.ts'
import type { LoadedWorkflow } from './catalog.ts'
import type { PoolMember } from './pool/members.ts'
import { isObject } from './workflows/types.ts'

const ADVICE = 'correct the address of ComfyUI'

/** Whether each server answers and keeps records, and what the servers can run. */
export async function report(members: readonly PoolMember[]): Promise<Report> {
  const all = await Promise.all(members.map(look))
  const files = all.flatMap(({ read }) => read ?? [])
  const isLacking = ({ id, problem }: LoadedWorkflow): boolean =>
    problem !== undefined && files.some((other) => other.id === id && other.problem === undefined)
  const servers = all.map(({ name, about, read }) => {
    const lacking =
      read?.filter(isLacking).map(({ id, problem }) => `; "${id}" can't run there: ${problem}`) ?? []
    return { name, answers: read !== undefined, about: about + lacking.join('') }
  })
  const known = new Map<string, LoadedWorkflow>()
  for (const file of files) if (!file.problem || !known.has(file.id)) known.set(file.id, file)
  const unread = all.find(({ read }) => read === undefined)
  const problem = 'it is read once ComfyUI answers'
  if (unread && known.size === 0) {
    return { servers, workflows: members[0]!.catalog.names.map((id) => show({ id, problem })) }
  }
  return { servers, workflows: [...known.values()].map(show) }
}

async function look({ server: { client }, localRecords, catalog, container }: PoolMember): Promise<{
  name: string
  about: string
  /** What it can run, where it answers. */
  read?: LoadedWorkflow[]
}> {
  const { name } = container.latest()
  try {
    const { text } = await client.send('/system_stats')
    const { system } = Object(parseJson(text))
    if (!isObject(system)) return { name, about: `${client.url} answers, but is not ComfyUI: ${ADVICE}` }
    const files = await catalog.read(true)
    await localRecords.prepare()
    const read = files.map((file) => ({ ...file, problem: file.problem ?? file.lack }))
    return { name, about: `version ${system.comfyui_version ?? 'unknown'}`, read }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return { name, about: `${client.url} does not answer (${error.why}): start ComfyUI, or ${ADVICE}` }
  }
}

function show({ id, workflow, problem }: LoadedWorkflow): Report['workflows'][number] {
  const inputs = [...(workflow?.inputs ?? [])].map(([name, { kind, required }]) => [name, { kind, required }])
  const outputs = [...(workflow?.outputs ?? [])].map(([name, { kind }]) => [name, kind])
  const shown = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) }
  return { id, ...shown, problem: problem ?? null }
}
