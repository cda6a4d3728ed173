import { makeOutputName, makeRunId } from '../internal/ids.ts'
import type { Workflow } from '../options/checkWorkflows.ts'
import { advance } from './advance.ts'
import { notify } from './notify.ts'
import type { Container, Output, Pod, Run } from './types.ts'

interface NewRun {
  workflow: Workflow
  groupId: string | null
  shown: Run['shown']
  given: Run['given']
}

/** Puts a run into the shortest queue; it starts at once where the container is free. */
export function addRun(pod: Pod, { workflow, groupId, shown, given }: NewRun): Run {
  const container = shortest(pod.containers)
  const run: Run = {
    id: makeRunId(pod.randomRunIds),
    sequence: pod.stats.runsStarted++,
    number: container.count++,
    workflow,
    groupId,
    status: 'queued',
    shown,
    given,
    outputs: [],
    progress: 0,
    error: null,
    createdAt: Date.now(),
    startedAt: null,
    completedAt: null,
    container,
    controller: new AbortController(),
  }
  for (const key of workflow.outputs.keys()) {
    const output: Output = { key, name: workflow.namesFiles ? `${key}_${run.id}` : freeName(pod), files: [] }
    run.outputs.push(output)
    pod.byOutput.set(output.name, { run, output })
  }
  pod.runs.set(run.id, run)
  container.pending.push(run)
  notify(pod, run)
  advance(pod, container)
  return run
}

function shortest(containers: Container[]): Container {
  const length = (c: Container): number => c.pending.length + (c.running ? 1 : 0)
  return containers.reduce((best, container) => (length(container) < length(best) ? container : best))
}

function freeName(pod: Pod): string {
  let name = makeOutputName(pod.randomNames)
  while (pod.byOutput.has(name)) name = makeOutputName(pod.randomNames)
  return name
}
