// The workflows as one server can run them, read again when their files or the server change.
import { type EngineContext, EngineError, type Workflow, type WorkflowFile } from '../engine.ts'
import type { ReadClass } from './api/classes.ts'
import { NoAnswer } from './api/client.ts'
import { readGraph } from './chooseGraph.ts'
import { type Files, fileNameOf } from './workflows/createFiles.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import { type ClassInfo, type ComfyWorkflow, KEY_ADVICE, partnersOf } from './workflows/types.ts'

/** The most files that are named though they can't be used: the folder may be full of files of another purpose. */
const MOST_LEFT_OUT = 50
/** A name that no file has. */
const MORE: WorkflowFile = { name: 'more/files', graph: undefined }

export interface Catalog {
  /** With `isReported`, the caller reports the problems, and the log does not. Many problems end with one for the others. */
  read(isReported?: boolean): Promise<LoadedWorkflow[]>
  /** @throws EngineError for a workflow that the server can't run. */
  find(id: string): Promise<ComfyWorkflow | undefined>
}

/** A workflow's file after it was read: the workflow, or the problem. */
export interface LoadedWorkflow {
  readonly id: string
  readonly workflow?: ComfyWorkflow | undefined
  /** Why the server can't run the workflow. The API does not list such a workflow. */
  readonly problem?: string | undefined
  /** The choices that the server does not have, as a sentence. The server refuses a run that does not replace them. */
  readonly lack?: string | undefined
  /** Why it is not known whether the server can run it. */
  readonly error?: NoAnswer
}

/** The workflow as callers see it. One that the server can't run has its problem only. */
export const listingOf = ({ id, workflow, problem }: LoadedWorkflow): Workflow =>
  workflow && !problem
    ? workflow.listing
    : { id, name: id, description: '', inputs: new Map(), outputs: new Map(), problem }

/** The result of reading a file, and the facts that it was read with. */
interface Reading {
  readonly loaded: LoadedWorkflow
  readonly facts: ReadonlyMap<string, ClassInfo | undefined>
}

/**
 * Reads a file again if it has changed, or the server's facts about its classes have: a class or a model may have been
 * added. A file with a problem does not replace an earlier one.
 */
export function createCatalog(newReader: () => ReadClass, files: Files, log: EngineContext['log']): Catalog {
  const readings = new WeakMap<WorkflowFile, Reading>()
  /** By the name of the file: the last one without a problem, and its workflow's id. */
  const served = new Map<string, { readonly file: WorkflowFile; readonly id: string }>()
  /** By the name of the file: its last message in the log. */
  const said = new Map<string, string | undefined>()
  const say = (file: WorkflowFile, message: string | undefined, isReported = false, isNote = false): void => {
    if (message !== undefined && message !== said.get(file.name) && !isReported)
      log(isNote ? 'info' : 'error', message)
    said.set(file.name, message)
  }

  async function load(file: WorkflowFile, readClass: ReadClass): Promise<LoadedWorkflow> {
    const before = readings.get(file)
    const facts = [...(before?.facts ?? [])]
    const now = await Promise.all(facts.map(([type]) => readClass(type)))
    if (before && facts.every(([, info], index) => info === now[index])) return before.loaded
    const asked = new Map<string, ClassInfo | undefined>()
    const loaded = await loadWorkflow(file, async (type) => {
      asked.set(type, await readClass(type))
      return asked.get(type)
    })
    readings.set(file, { loaded, facts: asked })
    return loaded
  }

  /** A class whose own code fails on the server takes away no other file. */
  const loadAlone = (file: WorkflowFile, readClass: ReadClass): Promise<LoadedWorkflow> =>
    load(file, readClass).catch((error) => {
      if (!(error instanceof NoAnswer) || error.why !== 'status 500') throw error
      const problem = 'ComfyUI fails to describe one of its classes: see the log of ComfyUI'
      return { id: file.name, problem, error }
    })

  async function read(isReported?: boolean): Promise<LoadedWorkflow[]> {
    const readClass = newReader()
    const found = new Map<string, LoadedWorkflow>()
    const present = await files()
    const loads = await Promise.all(
      present.map(async (file) => ({ file, loaded: await loadAlone(file, readClass) })),
    )
    // A file that can't be read takes no id from another one.
    loads.sort((a, b) => Number(!a.loaded.workflow) - Number(!b.loaded.workflow))
    let leftOut = 0
    for (const { file, loaded } of loads) {
      const last = served.get(file.name)
      const isKept = loaded.problem !== undefined && last !== undefined && last.file !== file
      if (loaded.problem !== undefined && !isKept && !loaded.error && ++leftOut > MOST_LEFT_OUT) continue
      const { id } = isKept ? last : loaded
      const isTaken = found.has(id)
      if (!isTaken) found.set(id, isKept ? await loadAlone(last.file, readClass) : loaded)
      if (isTaken) served.delete(file.name)
      else if (!loaded.problem) served.set(file.name, { file, id })
      const { problem, lack, workflow } = loaded
      if (isKept)
        say(file, `Workflow "${id}" stays as it was, since its new version has a problem: ${problem}`)
      else if (problem) say(file, `Workflow "${id}" is left out: ${problem}`, isReported)
      else if (isTaken) say(file, `${fileNameOf(file)} is left out: another workflow has the id "${id}"`)
      else if (lack) say(file, `Workflow "${id}" can't run: ${lack}`, isReported)
      else say(file, noteOf(file, workflow?.notes), false, true)
    }
    const more = leftOut - MOST_LEFT_OUT
    const problem =
      more > 0
        ? `${more} more files can't be used as workflows: keep other files in another folder`
        : undefined
    if (problem) found.set(MORE.name, { id: MORE.name, problem })
    say(MORE, problem, isReported)
    const names = new Set([MORE, ...present].map(({ name }) => name))
    for (const name of said.keys()) {
      if (names.has(name)) continue
      said.delete(name)
      served.delete(name)
    }
    return [...found.values()]
  }

  return {
    read,
    async find(id) {
      const present = await files()
      const known = [...served.values()].find((one) => one.id === id && present.includes(one.file))
      const alone = known && (await load(known.file, newReader()))
      const found = alone && !alone.problem ? alone : (await read()).find((loaded) => loaded.id === id)
      if (found?.error) throw found.error
      if (found?.problem) throw new EngineError(422, found.problem)
      return found?.workflow
    },
  }
}

/** Reads a file. A fault of the file is not thrown: it is the `problem` or the `lack` of the result. */
async function loadWorkflow(file: WorkflowFile, readClass: ReadClass): Promise<LoadedWorkflow> {
  if (file.problem !== undefined) return { id: file.name, problem: file.problem }
  try {
    const conversion = await readGraph(file, readClass)
    if ('problems' in conversion) return { id: file.name, problem: toProblem(file, conversion.problems) }
    const { graph, notes, authored } = conversion
    const { workflow: edited = file.graph } = file
    const read = await readWorkflow({ ...file, graph, workflow: edited }, readClass, authored)
    const workflow = { ...read, notes: [...notes, ...read.notes] }
    const classes = workflow.missingClasses.map(
      ({ classType, node, title }) => `"${classType}" (node ${node}, "${title}")`,
    )
    const keyless = partnersOf(workflow).filter(({ info }) => info?.lacksKey)
    const partners = keyless.map(({ id, title }) => `"${title}" (node ${id})`)
    const problem =
      classes.length > 0
        ? `ComfyUI does not have the node class ${classes.join(', ')}`
        : partners.length > 0
          ? `It has nodes of partners, which need a key: ${partners.join(', ')}. ${KEY_ADVICE}`
          : undefined
    const messages = workflow.missingChoices.map(({ message }) => message)
    const lack = messages.join('. ').replaceAll('?. ', '? ') || undefined
    return { id: workflow.listing.id, workflow, problem, lack }
  } catch (error) {
    if (error instanceof EngineError) throw error
    return { id: file.name, problem: error instanceof Error ? error.message : String(error) }
  }
}

function noteOf(file: WorkflowFile, [note, ...more]: readonly string[] = []): string | undefined {
  const rest = more.length > 0 ? ` (and ${more.length} more: see "inspect ${fileNameOf(file)}")` : ''
  return note === undefined ? undefined : `${fileNameOf(file)}: ${note}${rest}`
}

const MOST_PROBLEMS = 3

function toProblem(file: WorkflowFile, problems: readonly string[]): string {
  const left = problems.length - MOST_PROBLEMS
  const more = left > 0 ? `; and ${left} more: see "inspect ${fileNameOf(file)}"` : ''
  return `${fileNameOf(file)} can't be converted: ${problems.slice(0, MOST_PROBLEMS).join('; ')}${more}`
}
