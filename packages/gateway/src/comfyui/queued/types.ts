import type { Entry as AnyEntry, RunQueue } from '../../queue/runQueue.ts'
import type { Ended, Submitted } from '../runRecord.ts'
import type { Changes } from '../workflows/fillGraph.ts'
import type { GraphNode } from '../workflows/types.ts'
import type { Needs } from './needs.ts'

/** A run that a server is to make. */
export interface Job extends Pick<Submitted, 'id' | 'workflowId' | 'groupId' | 'createdAt' | 'shown'> {
  /** The id of its {@link Plan}. */
  readonly plan: string
  /** The id of its {@link Needs}. */
  readonly needs: string
  readonly changes: Changes
  /** The names of its uploads, which are values in the graph, too. */
  readonly files: readonly string[]
}

/** What all runs of one version of a workflow have in common. */
export interface Plan extends Pick<Submitted, 'outputs' | 'titles' | 'nodes'> {
  readonly graph: Readonly<Record<string, GraphNode>>
}

export type Entry = AnyEntry<Job>

export type ComfyQueue = RunQueue<Job, Plan, Needs, Ended>
