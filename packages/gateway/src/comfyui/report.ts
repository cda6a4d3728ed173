// Tells the person who starts a gateway whether servers answer, and which workflows they can run.
import type { Report, WorkflowFile } from '../engine.ts'
import { isObject } from '../options.ts'
import { type Answer, LoginRefused, NoAnswer, parseJson } from './api/client.ts'
import type { Catalog, LoadedWorkflow } from './catalog.ts'
import { partnersOf } from './workflows/types.ts'

/** A server, as a report needs it. */
export interface Reportable {
  readonly name: string
  /** For the person who starts the gateway. */
  readonly url: string
  /** The workflows as it can run them. */
  readonly catalog: Catalog
  /** Asks its ComfyUI. */
  send(path: string): Promise<Answer>
  /** Finds out whether it keeps records, where it must. */
  prepare?(): Promise<void>
}

/** Whether each server answers and keeps records, and which of the workflows in these files the servers can run. */
export async function report(
  reported: readonly Reportable[],
  files: readonly WorkflowFile[],
): Promise<Report> {
  const states = await Promise.all(reported.map(checkServer))
  const loaded = states.flatMap(({ workflows }) => workflows ?? [])
  const runsElsewhere = ({ id, problem }: LoadedWorkflow): boolean =>
    problem !== undefined && loaded.some((other) => other.id === id && other.problem === undefined)
  const servers = states.map(({ name, about, workflows }) => {
    const lacking = workflows?.filter(runsElsewhere) ?? []
    const texts = lacking.map(({ id, problem }) => `; "${id}" can't run there: ${problem}`)
    return { name, answers: workflows !== undefined, about: about + texts.join('') }
  })
  const silent = states.flatMap(({ name, hidesPictures }) => (hidesPictures ? name : []))
  const paid = loaded.filter(
    ({ workflow, problem }) => workflow && !problem && partnersOf(workflow).length > 0,
  )
  const notes = [
    ...(states.some(({ writesGraph }) => writesGraph) ? [METADATA] : []),
    ...(silent.length > 0 ? [`No previews of runs come from ${silent.join(', ')}: ${PREVIEWS}`] : []),
    ...(paid.length > 0 ? [`${PAID}: ${[...new Set(paid.map(({ id }) => id))].join(', ')}`] : []),
  ]
  const byId = new Map<string, LoadedWorkflow>()
  for (const one of loaded) if (!one.problem || !byId.has(one.id)) byId.set(one.id, one)
  const unread = files.map(({ name: id }) => ({ id, problem: 'it is read once ComfyUI answers' }))
  const isRead = states.some(({ workflows }) => workflows)
  return { servers, workflows: (isRead ? [...byId.values()] : unread).map(toReported), notes }
}

const LOGIN = 'give it by --header, or by the option "headers"'
const METADATA =
  'Pictures hold the whole workflow, with its prompts and names of models: whoever gets a link can read them. ' +
  'ComfyUI leaves them out if you start it with --disable-metadata.'
const PREVIEWS = 'update ComfyUI to 0.5 or later, or start it with --preview-method auto.'
const PAID = 'Partners take money, by your key, for each run of these workflows'
const ADVICE = 'correct the address of ComfyUI'

/** Gives the workflows as this server can run them, if it answers. */
async function checkServer({ name, url, catalog, send, prepare }: Reportable) {
  try {
    const { text } = await send('/system_stats')
    const { system } = Object(parseJson(text))
    if (!isObject(system)) return { name, about: `${url} answers, but is not ComfyUI: ${ADVICE}` }
    const loaded = await catalog.read(true)
    await prepare?.()
    const workflows = loaded.map((one) => ({ ...one, problem: one.problem ?? one.lack }))
    const { argv, comfyui_version: version = 'unknown' } = system
    const flags = Array.isArray(argv) ? argv.join(' ') : undefined
    const writesGraph = flags !== undefined && !flags.includes('--disable-metadata')
    // ComfyUI before 0.5 ignores `preview_method` of a run.
    const isOld = /^0\.[0-4]\./.test(String(version))
    const hidesPictures = isOld && flags !== undefined && !/--preview-method[= ](?!none)/.test(flags)
    return { name, about: `version ${version}`, workflows, writesGraph, hidesPictures }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    if (error instanceof LoginRefused) return { name, about: `${url} refuses the login: ${LOGIN}` }
    return { name, about: `${url} does not answer (${error.why}): start ComfyUI, or ${ADVICE}` }
  }
}

function toReported({ id, workflow, problem }: LoadedWorkflow): Report['workflows'][number] {
  const inputs = [...(workflow?.inputs ?? [])].map(([name, { kind, required }]) => [name, { kind, required }])
  const outputs = [...(workflow?.outputs ?? [])].map(([name, { kind }]) => [name, kind])
  return {
    id,
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    problem: problem ?? null,
  }
}
