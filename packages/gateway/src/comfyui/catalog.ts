import { type EngineContext, EngineError, type WorkflowFile } from '../engine.ts'
import type { ComfyClient } from './api/client.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import type { ClassInfo, ComfyWorkflow } from './workflows/types.ts'

export interface Catalog {
  readonly names: readonly string[]
  /** With `isReported`, the caller reports the problems, and the log does not. */
  read(isReported?: boolean): Promise<LoadedWorkflow[]>
  /** @throws EngineError for one that the server can't run. */
  find(id: string): Promise<ComfyWorkflow | undefined>
}

/** Reads the files with the server's facts about their classes. A workflow that the server can't run is read again. */
export function createCatalog(
  server: ComfyClient,
  { workflows, log }: Pick<EngineContext, 'workflows' | 'log'>,
): Catalog {
  const known = new Map<WorkflowFile, LoadedWorkflow>()
  const logged = new Set<string>()
  const logOnce = (message: string, isReported = false): void => {
    if (!logged.has(message) && !isReported) log('error', message)
    logged.add(message)
  }

  async function read(isReported?: boolean): Promise<LoadedWorkflow[]> {
    // Each class is asked for once.
    const classes = new Map<string, Promise<ClassInfo | undefined>>()
    const readClass = (type: string): Promise<ClassInfo | undefined> => {
      if (!classes.has(type)) classes.set(type, askForClass(type))
      return classes.get(type)!
    }
    const found = new Map<string, LoadedWorkflow>()
    for (const file of workflows) {
      const one = known.get(file) ?? (await loadWorkflow(file, readClass))
      const { id, problem, lack } = one
      if (problem) logOnce(`Workflow "${id}" is left out: ${problem}`, isReported)
      else if (lack) logOnce(`Workflow "${id}" can't run: ${lack}`, isReported)
      if (found.has(id)) {
        logOnce(`${file.name}.json is left out: another workflow has the id "${id}"`)
        continue
      }
      found.set(id, one)
      if (!problem && !lack) known.set(file, one)
    }
    return [...found.values()]
  }

  /** The server's facts about a class. */
  async function askForClass(type: string): Promise<ClassInfo | undefined> {
    const infos = Object(await server.read(`/object_info/${encodeURIComponent(type)}`))
    return Object.hasOwn(infos, type) ? infos[type] : undefined
  }

  return {
    names: workflows.map(({ name }) => name),
    read,
    async find(id) {
      const runnable = [...known.values()].find((one) => one.id === id)
      if (runnable) return runnable.workflow
      const file = (await read()).find((one) => one.id === id)
      if (file?.problem) throw new EngineError(422, file.problem)
      return file?.workflow
    },
  }
}

/** The result of reading a file: its workflow, or the problem. */
export interface LoadedWorkflow {
  readonly id: string
  readonly workflow?: ComfyWorkflow | undefined
  /** Why the server can't run the workflow. The API does not list such a workflow. */
  readonly problem?: string | undefined
  /** The choices that the server does not have, as a sentence. The server refuses a run that does not replace them. */
  readonly lack?: string | undefined
}

/** Reads a file. A fault of the file is not thrown: it is the `problem` or the `lack` of the result. */
export async function loadWorkflow(
  file: WorkflowFile,
  ask: Parameters<typeof readWorkflow>[1],
): Promise<LoadedWorkflow> {
  if (file.problem !== undefined) return { id: file.name, problem: file.problem }
  try {
    const workflow = await readWorkflow(file, ask)
    const classes = workflow.missingClasses.map(
      ({ classType, node, title }) => `"${classType}" (node ${node}, "${title}")`,
    )
    const problem = `ComfyUI does not have the node class ${classes.join(', ')}`
    const lacks = workflow.missingChoices.map(({ message }) => message)
    const lack = lacks.length > 0 ? lacks.join('. ').replaceAll('?. ', '? ') : undefined
    return { id: workflow.listing.id, workflow, problem: classes.length > 0 ? problem : undefined, lack }
  } catch (error) {
    if (error instanceof EngineError) throw error
    return { id: file.name, problem: error instanceof Error ? error.message : String(error) }
  }
}
