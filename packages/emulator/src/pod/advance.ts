import { notify } from './notify.ts'
import { performRun } from './performRun.ts'
import { tellPlaces } from './tellPlaces.ts'
import type { Container, Pod, Run } from './types.ts'

/** Starts the next run of a container that is free. */
export function advance(pod: Pod, container: Container): void {
  if (container.running) return
  const run = container.pending.shift()
  if (!run) return
  container.running = run
  run.status = 'running'
  run.startedAt = Date.now()
  notify(pod, run)
  void perform(pod, run)
}

async function perform(pod: Pod, run: Run): Promise<void> {
  try {
    const files = await performRun(pod, run)
    if (run.status !== 'running') return
    for (const [index, output] of run.outputs.entries()) output.files = files[index]!
    run.progress = 1
    endRun(pod, run, 'completed')
  } catch (error) {
    if (run.status !== 'running') return
    run.error = (error instanceof Error ? error.message : String(error)) || 'The workflow failed'
    endRun(pod, run, 'failed')
  }
}

/** A terminal state never changes. Frees the container, even if the workflow does not heed its signal. */
export function endRun(pod: Pod, run: Run, status: 'completed' | 'failed' | 'cancelled'): void {
  // A listener may have ended it first.
  if (run.completedAt !== null) return
  const { container } = run
  run.status = status
  run.completedAt = Date.now()
  run.given = { values: {}, remote: [] }
  const index = container.pending.indexOf(run)
  container.pending = container.pending.filter((other) => other !== run)
  if (container.running === run) container.running = null
  if (status === 'cancelled') run.controller.abort(new Error('The run was cancelled'))

  pod.ended.push(run)
  while (pod.ended.length > pod.settings.maxRuns) {
    const oldest = pod.ended.shift()!
    pod.runs.delete(oldest.id)
    for (const { name } of oldest.outputs) pod.byOutput.delete(name)
  }
  notify(pod, run)
  advance(pod, container)
  tellPlaces(pod, container, index)
}
