import type { Report } from '../engine.ts'
import { LoginRefused, NoAnswer, parseJson } from './api/client.ts'
import type { LoadedWorkflow } from './catalog.ts'
import type { PoolMember } from './pool/members.ts'
import { isObject } from './workflows/types.ts'

/** Whether each server answers and keeps records, and which workflows the servers can run. */
export async function report(members: readonly PoolMember[]): Promise<Report> {
  const states = await Promise.all(members.map(checkServer))
  const loaded = states.flatMap(({ workflows }) => workflows ?? [])
  const runsElsewhere = ({ id, problem }: LoadedWorkflow): boolean =>
    problem !== undefined && loaded.some((other) => other.id === id && other.problem === undefined)
  const servers = states.map(({ name, about, workflows }) => {
    const lacking = workflows?.filter(runsElsewhere) ?? []
    const texts = lacking.map(({ id, problem }) => `; "${id}" can't run there: ${problem}`)
    return { name, answers: workflows !== undefined, about: about + texts.join('') }
  })
  const notes = states.some(({ writesGraph }) => writesGraph) ? [METADATA] : undefined
  const byId = new Map<string, LoadedWorkflow>()
  for (const one of loaded) if (!one.problem || !byId.has(one.id)) byId.set(one.id, one)
  const isAnyAway = states.some(({ workflows }) => workflows === undefined)
  if (isAnyAway && byId.size === 0) {
    const problem = 'it is read once ComfyUI answers'
    const names = await members[0]!.catalog.names()
    return { servers, workflows: names.map((id) => toEntry({ id, problem })), notes }
  }
  return { servers, workflows: [...byId.values()].map(toEntry), notes }
}

const LOGIN = 'give it by --header, or by the option "headers"'
const METADATA =
  'Pictures hold the whole workflow, with its prompts and names of models: whoever gets a link can read them. ' +
  'ComfyUI leaves them out if you start it with --disable-metadata.'
const ADVICE = 'correct the address of ComfyUI'

/** Gives the workflows as this server can run them, if it answers. */
async function checkServer({ server: { client }, localRecords, catalog, container }: PoolMember) {
  const { name } = container.latest()
  try {
    const { text } = await client.send('/system_stats')
    const { system } = Object(parseJson(text))
    if (!isObject(system)) return { name, about: `${client.url} answers, but is not ComfyUI: ${ADVICE}` }
    const loaded = await catalog.read(true)
    await localRecords.prepare()
    const workflows = loaded.map((one) => ({ ...one, problem: one.problem ?? one.lack }))
    const { argv, comfyui_version: version = 'unknown' } = system
    const writesGraph = Array.isArray(argv) && !argv.includes('--disable-metadata')
    return { name, about: `version ${version}`, workflows, writesGraph }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    if (error instanceof LoginRefused) return { name, about: `${client.url} refuses the login: ${LOGIN}` }
    return { name, about: `${client.url} does not answer (${error.why}): start ComfyUI, or ${ADVICE}` }
  }
}

function toEntry({ id, workflow, problem }: LoadedWorkflow): Report['workflows'][number] {
  const inputs = [...(workflow?.inputs ?? [])].map(([name, { kind, required }]) => [name, { kind, required }])
  const outputs = [...(workflow?.outputs ?? [])].map(([name, { kind }]) => [name, kind])
  return {
    id,
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    problem: problem ?? null,
  }
}
