import type { Run } from '@flowscale/gateway/face'
import type { Run as PodRun } from './types.ts'

/** A run as it stands now, for others. */
export function toRun(run: PodRun): Run {
  const { id, workflow, groupId, status, progress, container, outputs } = run
  return {
    id,
    workflowId: workflow.id,
    groupId,
    status,
    progress,
    position: status === 'queued' ? container.pending.indexOf(run) + (container.running ? 1 : 0) : undefined,
    node: status === 'running' ? workflow.name : undefined,
    inputs: run.shown,
    outputNames: outputs.map(({ name }) => name),
    files: outputs.flatMap(({ files }) => files.map(({ filename }) => filename)),
    error: run.error,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    completedAt: run.completedAt,
  }
}
