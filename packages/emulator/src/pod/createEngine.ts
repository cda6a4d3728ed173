import type { Container, Engine, Run } from '@flowscale/gateway/face'
import { endRun } from './advance.ts'
import { closePod } from './closePod.ts'
import { createDraft } from './createDraft.ts'
import { findByName } from './findByName.ts'
import { follow } from './follow.ts'
import { listRuns } from './listRuns.ts'
import { readOutput } from './readOutput.ts'
import { toRun } from './toRun.ts'
import type { Pod, Container as PodContainer, Run as PodRun } from './types.ts'
import { watch } from './watch.ts'

/** The pod, as the face of the API asks it. */
export function createEngine(pod: Pod): Engine {
  const shown = (run: PodRun | undefined): Run | undefined => run && toRun(run)
  return {
    workflows: async () => [...pod.workflows.values()],
    workflow: async (id) => pod.workflows.get(id),
    draft: ({ id }) => createDraft(pod, pod.workflows.get(id)!),
    getRun: async (id) => shown(pod.runs.get(id)),
    async getRuns(query) {
      const { runs, total } = listRuns(pod, query)
      return { runs: runs.map(toRun), total }
    },
    async cancelRun(id) {
      const run = pod.runs.get(id)
      if (!run) return undefined
      const hadEnded = run.completedAt !== null
      endRun(pod, run, 'cancelled')
      return { run: toRun(run), hadEnded }
    },
    containers: async () => pod.containers.map((container) => showContainer(pod, container)),
    async findOutput(filename) {
      const found = findByName(pod, filename)
      return found && { run: toRun(found.run), file: found.file }
    },
    readOutput: async (runId, filename, headers) => readOutput(pod, runId, filename, headers),
    watch: (listener) => watch(pod, listener),
    follow: (id) => follow(pod, id),
    close: () => closePod(pod),
  }
}

function showContainer(pod: Pod, { name, uri, running, pending }: PodContainer): Container {
  const entry = (run: PodRun): [number, string] => [run.number, run.id]
  return {
    name,
    url: uri,
    status: pod.closed ? 'stopped' : running ? 'running' : 'idle',
    running: running ? [entry(running)] : [],
    pending: pending.map(entry),
  }
}
