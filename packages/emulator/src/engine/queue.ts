import type { Run as ApiRun } from '@flowscale/gateway/http'
import { isEnded, outputName } from '../../../gateway/src/internal.ts'
import { makeOutputName, makeRunId } from '../seed.ts'
import type { OutputFile } from '../workflows/types.ts'
import { performRun } from './performRun.ts'
import { type Container, type EngineState, type Output, type Run, toApiRun } from './state.ts'

type NewRun = Pick<Run, 'workflow' | 'groupId' | 'apiInputs' | 'given' | 'webhookUrl' | 'previews'>

/** Puts a run into the shortest queue; it starts at once where the container is free. */
export function addRun(state: EngineState, submitted: NewRun): Run {
  const container = shortest(state.containers)
  const run: Run = {
    id: makeRunId(state.randomRunIds),
    sequence: state.stats.runsStarted++,
    number: container.count++,
    ...submitted,
    status: 'queued',
    outputs: [],
    progress: 0,
    error: null,
    createdAt: Date.now(),
    startedAt: null,
    completedAt: null,
    container,
    controller: new AbortController(),
  }
  const { workflow } = run
  for (const key of workflow.outputs.keys()) {
    const name = workflow.namesFiles ? outputName(key, run.id) : freeName(state)
    const output: Output = { key, name, files: [] }
    run.outputs.push(output)
    state.byOutput.set(name, { run, output })
  }
  state.runs.set(run.id, run)
  container.pending.push(run)
  notify(state, run)
  advance(state, container)
  return run
}

function shortest(containers: Container[]): Container {
  const length = (c: Container): number => c.pending.length + (c.running ? 1 : 0)
  return containers.reduce((best, container) => (length(container) < length(best) ? container : best))
}

function freeName(state: EngineState): string {
  let name = makeOutputName(state.randomNames)
  while (state.byOutput.has(name)) name = makeOutputName(state.randomNames)
  return name
}

/** Starts the next run of a container that is free. */
function advance(state: EngineState, container: Container): void {
  if (container.running) return
  const run = container.pending.shift()
  if (!run) return
  container.running = run
  run.status = 'running'
  run.startedAt = Date.now()
  notify(state, run)
  void perform(state, run)
}

async function perform(state: EngineState, run: Run): Promise<void> {
  const onProgress = (progress: number): void => {
    if (run.status !== 'running' || progress === run.progress) return
    run.progress = progress
    notify(state, run)
  }
  const onPreview = (picture: OutputFile): void => {
    if (run.status !== 'running') return
    run.preview = { ...picture, number: (run.preview?.number ?? 0) + 1 }
    notify(state, run)
  }
  try {
    const files = await performRun(run, state.settings, onProgress, run.previews ? onPreview : undefined)
    if (run.status !== 'running') return
    for (const [index, output] of run.outputs.entries()) output.files = files[index]!
    run.progress = 1
    endRun(state, run, 'completed')
  } catch (error) {
    if (run.status !== 'running') return
    run.error = (error instanceof Error ? error.message : String(error)) || 'The workflow failed'
    endRun(state, run, 'failed')
  }
}

/** Ends a run for good, and frees its container, even if the workflow does not heed its signal. */
export function endRun(state: EngineState, run: Run, status: 'completed' | 'failed' | 'cancelled'): void {
  // A listener may have ended the run first.
  if (isEnded(run.status)) return
  const { container } = run
  run.status = status
  run.completedAt = Date.now()
  run.given = { values: {}, remote: [] }
  run.preview = undefined
  const index = container.pending.indexOf(run)
  container.pending = container.pending.filter((other) => other !== run)
  if (container.running === run) container.running = null
  if (status === 'cancelled') run.controller.abort(new Error('The run was cancelled'))

  state.ended.push(run)
  while (state.ended.length > state.settings.maxRuns) {
    const oldest = state.ended.shift()!
    state.runs.delete(oldest.id)
    for (const { name } of oldest.outputs) state.byOutput.delete(name)
  }
  void state.sendWebhook(run)
  notify(state, run)
  advance(state, container)
  notifyOfPlaces(state, container, index)
}

/** Calls the listener at each change of a run's status or progress, until the returned function is called. */
export function watch(state: EngineState, listener: (run: ApiRun) => void): () => void {
  // An object of its own: the same function may watch twice.
  const watcher = { listener }
  state.listeners.add(watcher)
  return () => void state.listeners.delete(watcher)
}

/** Notifies of each new place of a run in the queue, until the returned function is called. */
export function follow({ followers }: EngineState, id: string): () => void {
  const add = (count: number): void => {
    const left = (followers.get(id) ?? 0) + count
    if (left > 0) followers.set(id, left)
    else followers.delete(id)
  }
  add(1)
  let over = false
  return () => {
    if (!over) add(-1)
    over = true
  }
}

/** Notifies about the followed runs that have moved up, from this index of the queue on. */
function notifyOfPlaces(state: EngineState, container: Container, from: number): void {
  for (const id of [...state.followers.keys()]) {
    const run = state.runs.get(id)
    if (run && container.pending.indexOf(run) >= Math.max(0, from)) notify(state, run)
  }
}

/** Calls every listener with the state of a run. All listeners see all changes in the same order. */
function notify(state: EngineState, run: Run): void {
  const { listeners, updates } = state
  if (listeners.size === 0) return
  updates.push(toApiRun(run))
  // A change that a listener makes waits until all listeners know of the one before.
  if (updates.length > 1) return
  for (let update = updates[0]; update; update = updates[0]) {
    for (const { listener } of [...listeners]) {
      try {
        listener(update)
      } catch (error) {
        // An unhandled rejection: the run and the other listeners must go on.
        void Promise.reject(error)
      }
    }
    updates.shift()
  }
}
