import type { Run as ShownRun, Status } from '@flowscale/gateway/face'
import type { Faults } from '../faults/createFaults.ts'
import type { Random } from '../internal/createRandom.ts'
import type { Settings } from '../options/checkOptions.ts'
import type { Workflow } from '../options/checkWorkflows.ts'
import type { EmulatorStats, WorkflowInputs } from '../types.ts'
import type { LedgerBook } from './createLedger.ts'

export interface Output {
  /** Its key in the workflow. */
  key: string
  /** Its wire name, without extension. */
  name: string
  /** There once the run is completed. */
  files: readonly StoredFile[]
}

export interface StoredFile {
  filename: string
  type: string
  data: Uint8Array
}

export interface Run {
  id: string
  /** Counts the runs of the pod: the order of arrival. */
  sequence: number
  /** Counts the runs of its container, as ComfyUI does. */
  number: number
  workflow: Workflow
  groupId: string | null
  status: Status
  /** What the API shows of the inputs. */
  shown: ShownRun['inputs']
  /** What the workflow gets; dropped when the run has ended, since it holds whole uploads. */
  given: GivenInputs
  outputs: Output[]
  progress: number
  error: string | null
  createdAt: number
  startedAt: number | null
  completedAt: number | null
  container: Container
  controller: AbortController
}

interface GivenInputs {
  values: WorkflowInputs
  /** Inputs given as a URL on the network, which the emulator does not fetch. */
  remote: { input: string; url: string }[]
}

export interface Container {
  name: string
  uri: string
  count: number
  running: Run | null
  pending: Run[]
}

export interface Pod {
  settings: Settings
  workflows: Map<string, Workflow>
  containers: Container[]
  runs: Map<string, Run>
  /** By output name, without extension. */
  byOutput: Map<string, { run: Run; output: Output }>
  /** In the order in which they ended. */
  ended: Run[]
  randomRunIds: Random
  randomNames: Random
  randomRequestIds: Random
  randomSeeds: Random
  stats: { -readonly [K in keyof EmulatorStats]: EmulatorStats[K] }
  ledger: LedgerBook
  faults: Faults
  listeners: Set<{ listener: (run: ShownRun) => void }>
  /** How many follow each run: of these, a new place in the queue is news, too. */
  followers: Map<string, number>
  /** What listeners are to hear, the first being the one that they hear now. */
  updates: ShownRun[]
  closed: boolean
}
