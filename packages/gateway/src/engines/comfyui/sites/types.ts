import type { Workflows } from '../../../comfyui/catalog.ts'
import type { Comfy, Ended, Submitted } from '../../../comfyui/runRecord.ts'
import type { Watcher } from '../../../comfyui/runs/monitor.ts'
import type { ContainerReader } from '../../../comfyui/server.ts'
import type { ComfyWorkflow } from '../../../comfyui/workflows/types.ts'
import type { Records } from '../../../records/createRecords.ts'

export type RunRecords = Records<Submitted, Ended>

/** One of the servers, with all facts about it. */
export interface Site extends Comfy {
  /** The records on this server itself. With a storage, all servers have the same. */
  readonly own: RunRecords
  readonly workflows: Workflows
  readonly watcher: Watcher
  readonly container: ContainerReader
}

/** A server that can run a workflow, and the workflow as that server knows it. */
export interface Candidate {
  readonly site: Site
  readonly workflow: ComfyWorkflow
}
