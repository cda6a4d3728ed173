import { checkSame, type Draft, type Engine, EngineError } from '@flowscale/gateway/http'
import { compareRuns, drawSeed, isEnded } from '../../../gateway/src/internal.ts'
import type { Random } from '../seed.ts'
import type { Workflow } from '../workflows/checkWorkflows.ts'
import type { InputFile, WorkflowInputs } from '../workflows/types.ts'
import { findOutput, readOutput } from './outputs.ts'
import { addRun, endRun, follow, watch } from './queue.ts'
import { type EngineState, toApiContainer, toApiRun } from './state.ts'

/** The gateway's engine over this state: the HTTP API calls it. */
export function createEngine(state: EngineState): Engine {
  return {
    workflows: async () => [...state.workflows.values()],
    async draft(workflowId) {
      const workflow = state.workflows.get(workflowId)
      return workflow && createDraft(state, workflow)
    },
    // Pages on plain HTTP can't hash what is sent.
    ...(globalThis.crypto?.subtle && { findKey: async (key) => state.known.get(key) }),
    async getRun(id) {
      const run = state.runs.get(id)
      return run && toApiRun(run)
    },
    async getRuns(query) {
      const runs = [...state.runs.values()].filter(
        ({ groupId }) => query.groupId === null || groupId === query.groupId,
      )
      runs.sort(compareRuns(query, (a, b) => a.sequence - b.sequence))
      const page = runs.slice(query.offset, query.offset + query.limit)
      return { runs: page.map(toApiRun), total: runs.length }
    },
    async cancelRun(id) {
      const run = state.runs.get(id)
      if (!run) return undefined
      const hadEnded = isEnded(run.status)
      endRun(state, run, 'cancelled')
      return { run: toApiRun(run), hadEnded }
    },
    containers: async () => state.containers.map((container) => toApiContainer(state, container)),
    async findOutput(filename) {
      const found = findOutput(state, filename)
      return found && { run: toApiRun(found.run), file: found.file }
    },
    readOutput: async (runId, filename, headers) => readOutput(state.runs.get(runId), filename, headers),
    readPreview: async (runId) => state.runs.get(runId)?.preview,
    watch: (listener) => watch(state, listener),
    follow: (id) => follow(state, id),
    close() {
      state.closed = true
      state.faults.close()
      // The queue first: the end of a running run would start the next one.
      for (const container of state.containers) {
        for (const run of [...container.pending]) endRun(state, run, 'cancelled')
        if (container.running) endRun(state, container.running, 'cancelled')
      }
    },
  }
}

/** A run that is about to be submitted: its files are held in memory. */
function createDraft(state: EngineState, workflow: Workflow): Draft {
  const remote: { input: string; url: string }[] = []
  return {
    workflow,
    async putFile(_input, { name, type, body }): Promise<InputFile> {
      return { name, type, data: new Uint8Array(await new Response(body).arrayBuffer()) }
    },
    async putUrl(input, url): Promise<object> {
      // The URL fails the run, so no workflow sees this stand-in.
      remote.push({ input, url })
      return {}
    },
    async submit({ values: sent, inputs, groupId, requestId, once, webhookUrl, previews = false }) {
      const known = once && state.known.get(once.key)
      if (known) {
        checkSame(known, once)
        return known
      }
      if (state.closed) throw new EngineError(503, 'The emulator is closed')
      const { values, drawn } = fillInputs(workflow, sent as WorkflowInputs, state.randomSeeds)
      const apiInputs = [...inputs, ...drawn]
      const given = { values, remote }
      const run = addRun(state, { workflow, groupId, apiInputs, given, webhookUrl, previews })
      state.ledger.runs.push({ runId: run.id, workflowId: workflow.id, groupId, requestId })
      const answer = { run: toApiRun(run), number: run.number }
      if (once) state.known.set(once.key, { ...answer, hash: once.hash })
      return answer
    },
  }
}

/** Adds the defaults, and draws the seeds, of inputs that were not sent. */
function fillInputs(
  { inputs, seeds }: Workflow,
  sent: WorkflowInputs,
  random: Random,
): { values: WorkflowInputs; drawn: { path: string; value: number }[] } {
  // A map, since an input may be called `__proto__`.
  const values = new Map(Object.entries(sent))
  const drawn: { path: string; value: number }[] = []
  for (const [path, input] of inputs) {
    if (values.has(path)) continue
    if (input.default !== undefined) values.set(path, input.default)
    if (!seeds.includes(path)) continue
    const value = drawSeed(input, random)
    drawn.push({ path, value })
    values.set(path, value)
  }
  return { values: Object.fromEntries(values), drawn }
}
