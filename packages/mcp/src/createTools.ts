// The tools of one transport: their definitions, and what a call does.
import {
  type Client,
  cancelRun,
  executeWorkflow,
  getOutput,
  getRun,
  getRuns,
  isEnded,
  type Run,
  TimeoutError,
} from '@flowscale/client'
import { watchRun } from '@flowscale/client/poller'
import type { CallToolResult, ServerContext, Tool } from '@modelcontextprotocol/server'
import type { Catalog, Listed, ownTools } from './createCatalog.ts'
import { tidy } from './names.ts'
import type { Settings } from './options.ts'
import { readInputs } from './readInputs.ts'
import { describeOutputs, describeRun, ToolError, textResult } from './results.ts'
import { createCheck, type WorkflowTool } from './toTool.ts'

export interface Tools {
  list(): Promise<Tool[]>
  call(name: string, args: Readonly<Record<string, unknown>>, context: ServerContext): Promise<CallToolResult>
}

type Args = Readonly<Record<string, unknown>>
type Own = (typeof ownTools)[number]
/** The checked arguments of a tool of this package: its own alone. */
type Given = Readonly<Record<'run_id' | 'name', string>>

/** How many runs `list_runs` shows. */
const MOST_RUNS = 20

const runId = { type: 'string', minLength: 1, maxLength: 200, description: 'The id of the run.' }
const read = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

const own: Readonly<Record<Own, Omit<Tool, 'name'>>> = {
  wait_run: {
    title: 'Wait for a run',
    description: 'Waits for a run and gives its result. It costs nothing. If the run goes on, call it again.',
    inputSchema: schemaOf({ run_id: runId }, ['run_id']),
    annotations: read,
  },
  cancel_run: {
    title: 'Cancel a run',
    description: 'Cancels a run that has not ended. Its result is lost.',
    inputSchema: schemaOf({ run_id: runId }, ['run_id']),
    annotations: { ...read, readOnlyHint: false, destructiveHint: true },
  },
  list_runs: {
    title: 'List runs',
    description: `Lists the newest ${MOST_RUNS} runs, with their ids, states and outputs.`,
    inputSchema: schemaOf({}),
    annotations: read,
  },
  get_output: {
    title: 'Get an output',
    description: 'Gives a new link to an output of an earlier run, and shows a small picture or a text.',
    inputSchema: schemaOf(
      { name: { type: 'string', minLength: 1, maxLength: 300, description: 'The filename of the output.' } },
      ['name'],
    ),
    annotations: read,
  },
}

function schemaOf(
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
): Tool['inputSchema'] {
  // Own fields, whatever their names are.
  return { type: 'object', properties, required: [...required], additionalProperties: false } as never
}

const requestKey = {
  type: 'string',
  pattern: '^[A-Za-z0-9_.:-]{8,100}$',
  description:
    'Choose a new key for each result that you want, such as a UUID. If you make the same call again, give the same key: ' +
    'then you get the same run, and pay once.',
}

/** `files` of the settings is for stdio alone. */
export function createTools(client: Client, catalog: Catalog, settings: Settings, isStdio: boolean): Tools {
  const { groupId, replyAfterMs, files, inputHosts } = settings
  const fileHelp = [
    ...(files ? ['the path of a file in the allowed folder'] : []),
    'the filename of an earlier output',
    'a data: URL of at most 2 MB',
    ...(inputHosts.length ? [`an https: URL of ${tidy(inputHosts.join(', '), 200)}`] : []),
  ].join(', or ')
  /** Made at the first call of a tool, because a server may have thousands of them. */
  const checks = new WeakMap<object, ReturnType<typeof createCheck>>()

  const definitions = new WeakMap<WorkflowTool, Omit<Tool, 'name'>>()
  /** Kept, so that a list that is read again compiles nothing anew. */
  function define(tool: WorkflowTool, { keepsKeys }: Pick<Listed, 'keepsKeys'>): Omit<Tool, 'name'> {
    const known = definitions.get(tool)
    if (known && keepsKeys === Object.hasOwn(known.inputSchema.properties!, 'request_key')) return known
    const properties = [...tool.properties].map(([name, { schema, isFile }]) => [
      name,
      isFile ? { ...schema, description: `${schema.description} Give ${fileHelp}.` } : schema,
    ])
    const made: Omit<Tool, 'name'> = {
      title: tool.title,
      description: [
        `${tool.about} Each run costs money.`,
        keepsKeys
          ? 'Always give a request_key: without one, a second call is a second run.'
          : 'A second call is a second run: if a call gets no answer, look for its run with list_runs.',
        isStdio
          ? 'If the run takes long, the answer is its id: then call wait_run.'
          : 'The answer is the id of the run: then call wait_run.',
      ].join(' '),
      inputSchema: schemaOf(
        Object.fromEntries(keepsKeys ? [...properties, ['request_key', requestKey]] : properties),
        tool.required,
      ),
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: true,
      },
    }
    definitions.set(tool, made)
    return made
  }

  async function check(definition: Omit<Tool, 'name'>, args: Args): Promise<void> {
    const found = checks.get(definition) ?? createCheck(definition.inputSchema)
    checks.set(definition, found)
    const wrong = await found(args)
    if (wrong) throw new ToolError(`Wrong arguments, and nothing was run: ${tidy(wrong, 2000)}`)
  }

  async function run(tool: WorkflowTool, args: Args, context: ServerContext): Promise<CallToolResult> {
    const until = performance.now() + replyAfterMs
    const { request_key: key, ...given } = args
    const inputs = await readInputs(client, tool, given, settings)
    // Without the signal of the call: a run whose id is lost is paid for all the same.
    const { data } = await executeWorkflow(client, tool.workflowId, inputs, {
      groupId,
      ...(key !== undefined && { idempotencyKey: key as string }),
    })
    if (!isStdio) return textResult(startedText(data.run_id))
    return follow(data.run_id, until - performance.now(), context)
  }

  /** Waits for a run, and describes it: its result, or how it goes on. */
  async function follow(id: string, waitMs: number, context: ServerContext): Promise<CallToolResult> {
    let last: Run | undefined
    try {
      const { signal } = context.mcpReq
      const onProgress = reporter(context)
      for await (last of watchRun(client, id, { timeoutMs: Math.max(waitMs, 1), signal, onProgress })) {
        // Each state comes here.
      }
    } catch (error) {
      if (!(error instanceof TimeoutError && error.resume)) throw error
    }
    if (!last || !isEnded(last.status)) return textResult(goingText(id, last))
    return describeRun(client, last, context.mcpReq.signal)
  }

  const calls: Readonly<Record<Own, (args: Given, context: ServerContext) => Promise<CallToolResult>>> = {
    wait_run: ({ run_id }, context) => follow(run_id, replyAfterMs, context),
    async cancel_run({ run_id }) {
      await cancelRun(client, run_id)
      const { data } = await getRun(client, run_id)
      return textResult(`Run ${run_id}: ${data.status}.`)
    },
    async list_runs() {
      const { data } = await getRuns(client, { groupId, sortOrder: 'desc', pageSize: MOST_RUNS })
      const lines = data.runs.slice(0, MOST_RUNS).map((run) => {
        const outputs = run.outputs.flatMap(({ filename }) => filename ?? [])
        const about = [
          run.workflow_id && `workflow ${run.workflow_id}`,
          run.status,
          run.created_at,
          ...outputs,
        ]
        return tidy(`${run._id}: ${about.filter(Boolean).join(', ')}`, 1000)
      })
      return textResult(lines.join('\n') || 'There are no runs.')
    },
    async get_output({ name }, { mcpReq }) {
      const output = await getOutput(client, name, { signal: mcpReq.signal })
      if (!output) return textResult(`Output ${name} is not ready yet.`)
      return describeOutputs(client, `Output ${name}:`, [{ ...output.data, filename: name }], mcpReq.signal)
    },
  }

  const isOwn = (name: string): name is Own => Object.hasOwn(own, name)

  return {
    async list() {
      const listed = await catalog.list()
      const ofServer = [...listed.tools].map(([name, tool]) => ({ name, ...define(tool, listed) }))
      return [...ofServer, ...Object.entries(own).map(([name, tool]) => ({ name, ...tool }))]
    },
    async call(name, all, context) {
      // Models send `null` for what they leave out.
      const args = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
      if (isOwn(name)) {
        await check(own[name], args)
        return calls[name](args as Given, context)
      }
      const tool = await catalog.find(name)
      if (!tool)
        throw new ToolError(`There is no tool ${JSON.stringify(tidy(name, 100))}. List the tools again.`)
      await check(define(tool, await catalog.list()), args)
      return run(tool, args, context)
    },
  }
}

const next = (id: string) => `call wait_run with run_id "${id}". Do not start it again.`
const startedText = (id: string) => `Run ${id} was started. For its result, ${next(id)}`

function goingText(id: string, run: Run | undefined): string {
  const place = run?.position === undefined ? '' : `, position ${run.position}`
  const part = run?.progress === undefined ? '' : `, ${Math.round(run.progress * 100)} % done`
  return `Run ${id}: ${run?.status ?? 'started'}${place}${part}. It goes on: ${next(id)}`
}

/** Tells the host of progress, if it asked. Each value is above the one before, as the protocol demands. */
function reporter({ mcpReq }: ServerContext) {
  const { progressToken } = mcpReq._meta ?? {}
  if (progressToken === undefined) return undefined
  let most = -1
  return async ({ progress = 0, status, node }: { progress?: number; status: string; node?: string }) => {
    if (progress <= most) return
    most = progress
    const message = tidy(node ? `${status}: ${node}` : status, 200)
    const params = { progressToken, progress, total: 1, message }
    // A host that has gone hears nothing, and the run goes on.
    await mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}
