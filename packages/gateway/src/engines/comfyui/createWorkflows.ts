import { type EngineContext, EngineError, type WorkflowFile } from '../../engine.ts'
import type { Server } from './server/createServer.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import type { ClassInfo, ComfyWorkflow } from './workflows/types.ts'

type Infos = Readonly<Record<string, ClassInfo>>

export interface Workflows {
  /** Those that the server can run. */
  all(): Promise<ComfyWorkflow[]>
  /** @throws EngineError for one that the server can't run. */
  find(id: string): Promise<ComfyWorkflow | undefined>
}

/** Reads the files with what the server knows of their classes; what it could not run then is read again. */
export function createWorkflows(server: Server, { workflows, log }: EngineContext): Workflows {
  const known = new Map<WorkflowFile, ComfyWorkflow>()
  const logged = new Set<string>()
  const say = (level: 'debug' | 'error', message: string): void => {
    if (!logged.has(message)) log(level, message)
    logged.add(message)
  }

  async function read(): Promise<ComfyWorkflow[]> {
    const classes = new Map<string, ClassInfo | undefined>()
    const ask = async (type: string): Promise<ClassInfo | undefined> => {
      if (!classes.has(type)) {
        const infos = (await server.read(`/object_info/${encodeURIComponent(type)}`)) as Infos
        classes.set(type, Object.hasOwn(infos, type) ? infos[type] : undefined)
      }
      return classes.get(type)
    }
    const found = new Map<string, ComfyWorkflow>()
    for (const file of workflows) {
      const workflow = known.get(file) ?? (await readOne(file, ask))
      if (!workflow) continue
      const { id } = workflow.shown
      if (workflow.missing.length === 0) known.set(file, workflow)
      else say('error', `Workflow "${id}" is left out: ${whatIsMissing(workflow)}`)
      for (const note of workflow.notes) say('debug', `Workflow "${id}": ${note}`)
      if (found.has(id)) say('error', `${file.name}.json is left out: another workflow has the id "${id}"`)
      else found.set(id, workflow)
    }
    return [...found.values()]
  }

  async function readOne(
    file: WorkflowFile,
    ask: Parameters<typeof readWorkflow>[1],
  ): Promise<ComfyWorkflow | undefined> {
    try {
      return await readWorkflow(file, ask)
    } catch (error) {
      if (error instanceof EngineError) throw error
      say('error', `Left out: ${error instanceof Error ? error.message : error}`)
      return undefined
    }
  }

  return {
    all: async () => (await read()).filter(({ missing }) => missing.length === 0),
    async find(id) {
      const workflow =
        [...known.values()].find(({ shown }) => shown.id === id) ??
        (await read()).find(({ shown }) => shown.id === id)
      if (workflow && workflow.missing.length > 0) throw new EngineError(422, whatIsMissing(workflow))
      return workflow
    },
  }
}

function whatIsMissing({ missing }: ComfyWorkflow): string {
  const nodes = missing.map(({ classType, node, title }) => `"${classType}" (node ${node}, "${title}")`)
  return `ComfyUI does not have the node class ${nodes.join(', ')}`
}
