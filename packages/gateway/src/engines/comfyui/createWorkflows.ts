import type { EngineContext, WorkflowFile } from '../../engine.ts'
import { EngineError } from '../../engineErrors.ts'
import type { Server } from './server/createServer.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import type { ClassInfo, ComfyWorkflow } from './workflows/types.ts'

/** A file, what it was read as, and why the server can't run it. */
export interface ReadFile {
  readonly id: string
  readonly workflow?: ComfyWorkflow | undefined
  readonly problem?: string | undefined
}

export interface Workflows {
  readonly names: readonly string[]
  read(): Promise<ReadFile[]>
  /** @throws EngineError for one that the server can't run. */
  find(id: string): Promise<ComfyWorkflow | undefined>
}

/** Reads the files with what the server knows of their classes; what it could not run then is read again. */
export function createWorkflows(
  server: Server,
  { workflows, log }: Pick<EngineContext, 'workflows' | 'log'>,
): Workflows {
  const known = new Map<WorkflowFile, ComfyWorkflow>()
  const logged = new Set<string>()
  const logOnce = (message: string): void => {
    if (!logged.has(message)) log('error', message)
    logged.add(message)
  }

  async function read(): Promise<ReadFile[]> {
    // Each class is asked for once.
    const classes = new Map<string, Promise<ClassInfo | undefined>>()
    const readClass = (type: string): Promise<ClassInfo | undefined> => {
      if (!classes.has(type)) classes.set(type, askForClass(type))
      return classes.get(type)!
    }
    const found = new Map<string, ReadFile>()
    for (const file of workflows) {
      const one = await readOne(file, readClass)
      const { id, workflow, problem } = one
      if (problem) logOnce(`Workflow "${id}" is left out: ${problem}`)
      if (found.has(id)) {
        logOnce(`${file.name}.json is left out: another workflow has the id "${id}"`)
        continue
      }
      found.set(id, one)
      if (!problem) known.set(file, workflow!)
    }
    return [...found.values()]
  }

  /** What the server knows of a class. */
  async function askForClass(type: string): Promise<ClassInfo | undefined> {
    const infos = Object(await server.read(`/object_info/${encodeURIComponent(type)}`))
    return Object.hasOwn(infos, type) ? infos[type] : undefined
  }

  async function readOne(file: WorkflowFile, ask: Parameters<typeof readWorkflow>[1]): Promise<ReadFile> {
    try {
      const workflow = known.get(file) ?? (await readWorkflow(file, ask))
      const missing = workflow.missing.map(
        ({ classType, node, title }) => `"${classType}" (node ${node}, "${title}")`,
      )
      const problem =
        missing.length > 0 ? `ComfyUI does not have the node class ${missing.join(', ')}` : undefined
      return { id: workflow.shown.id, workflow, problem }
    } catch (error) {
      if (error instanceof EngineError) throw error
      return { id: file.name, problem: error instanceof Error ? error.message : String(error) }
    }
  }

  return {
    names: workflows.map(({ name }) => name),
    read,
    async find(id) {
      const runnable = [...known.values()].find(({ shown }) => shown.id === id)
      if (runnable) return runnable
      const file = (await read()).find((one) => one.id === id)
      if (file?.problem) throw new EngineError(422, file.problem)
      return file?.workflow
    },
  }
}
