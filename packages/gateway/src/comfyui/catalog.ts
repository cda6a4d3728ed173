import { type EngineContext, EngineError, type WorkflowFile } from '../engine.ts'
import type { ComfyClient } from './api/client.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import type { ClassInfo, ComfyWorkflow } from './workflows/types.ts'

/** The workflows as one server can run them. */
export interface Catalog {
  readonly names: readonly string[]
  /** With `isReported`, the caller reports the problems, and the log does not. */
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
}

/** Reads each file once. A workflow that the server can't run is read again: a class or a model may have been added. */
export function createCatalog(
  client: ComfyClient,
  { workflows: files, log }: Pick<EngineContext, 'workflows' | 'log'>,
): Catalog {
  const runnable = new Map<WorkflowFile, LoadedWorkflow>()
  const logged = new Set<string>()
  const logOnce = (message: string, isReported = false): void => {
    if (!logged.has(message) && !isReported) log('error', message)
    logged.add(message)
  }

  async function read(isReported?: boolean): Promise<LoadedWorkflow[]> {
    // One request for each class.
    const classes = new Map<string, Promise<ClassInfo | undefined>>()
    const readClassOnce = (type: string): Promise<ClassInfo | undefined> => {
      if (!classes.has(type)) classes.set(type, readClass(client, type))
      return classes.get(type)!
    }
    const found = new Map<string, LoadedWorkflow>()
    for (const file of files) {
      const loaded = runnable.get(file) ?? (await loadWorkflow(file, readClassOnce))
      const { id, problem, lack } = loaded
      if (problem) logOnce(`Workflow "${id}" is left out: ${problem}`, isReported)
      else if (lack) logOnce(`Workflow "${id}" can't run: ${lack}`, isReported)
      if (found.has(id)) {
        logOnce(`${file.name}.json is left out: another workflow has the id "${id}"`)
        continue
      }
      found.set(id, loaded)
      if (!problem && !lack) runnable.set(file, loaded)
    }
    return [...found.values()]
  }

  return {
    names: files.map(({ name }) => name),
    read,
    async find(id) {
      const hasId = (loaded: LoadedWorkflow): boolean => loaded.id === id
      const found = [...runnable.values()].find(hasId) ?? (await read()).find(hasId)
      if (found?.problem) throw new EngineError(422, found.problem)
      return found?.workflow
    },
  }
}

/** The server's facts about a class. */
async function readClass(client: ComfyClient, type: string): Promise<ClassInfo | undefined> {
  const infos = Object(await client.read(`/object_info/${encodeURIComponent(type)}`))
  return Object.hasOwn(infos, type) ? infos[type] : undefined
}

/** Reads a file. A fault of the file is not thrown: it is the `problem` or the `lack` of the result. */
async function loadWorkflow(
  file: WorkflowFile,
  readClass: Parameters<typeof readWorkflow>[1],
): Promise<LoadedWorkflow> {
  if (file.problem !== undefined) return { id: file.name, problem: file.problem }
  try {
    const workflow = await readWorkflow(file, readClass)
    const classes = workflow.missingClasses.map(
      ({ classType, node, title }) => `"${classType}" (node ${node}, "${title}")`,
    )
    const problem = `ComfyUI does not have the node class ${classes.join(', ')}`
    const messages = workflow.missingChoices.map(({ message }) => message)
    const lack = messages.join('. ').replaceAll('?. ', '? ') || undefined
    return { id: workflow.listing.id, workflow, problem: classes.length > 0 ? problem : undefined, lack }
  } catch (error) {
    if (error instanceof EngineError) throw error
    return { id: file.name, problem: error instanceof Error ? error.message : String(error) }
  }
}
