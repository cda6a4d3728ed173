import type {
  Container as ApiContainer,
  Run as ApiRun,
  Dialect,
  KnownRun,
  Status,
} from '@flowscale/gateway/http'
import { createFaults, type Faults } from '../faults/createFaults.ts'
import type { FaultOptions } from '../faults/table.ts'
import { createRandom, type Random } from '../seed.ts'
import { addBuiltIn, type Workflow } from '../workflows/checkWorkflows.ts'
import type { OutputFile, WorkflowInputs } from '../workflows/types.ts'
import { countOne, createLedger, type MutableLedger } from './ledger.ts'

/** The options of an emulator, checked, with their defaults. */
export interface Settings {
  apiKey: string
  seed: number
  containers: number
  speed: number
  dialect: Dialect
  workflows: Workflow[]
  maxRuns: number
  urlTtlMs: number
  faults: FaultOptions | undefined
  onWebhook: ((request: Request) => Response | Promise<Response>) | undefined
}

/** Counts for assertions. */
export interface EmulatorStats {
  /** All requests, on both origins. */
  readonly requests: number
  /** Runs that execute requests created. */
  readonly runsStarted: number
  /** Requests to the files origin that were refused because they carried a key. */
  readonly keysRefusedAtFiles: number
}

/** All that an emulator knows while it lives. */
export interface EngineState {
  settings: Settings
  workflows: Map<string, Workflow>
  containers: Container[]
  runs: Map<string, Run>
  /** By the name of the output, without extension. */
  byOutput: Map<string, { run: Run; output: Output }>
  /** Sends the webhook of a run that has ended. */
  sendWebhook: (run: Run) => Promise<void>
  /** In the order of their ends. */
  ended: Run[]
  /** The answers to submissions, by their `Idempotency-Key`. They outlive their runs, which hold files. */
  known: Map<string, KnownRun>
  randomRunIds: Random
  randomNames: Random
  randomRequestIds: Random
  randomSeeds: Random
  stats: { -readonly [K in keyof EmulatorStats]: EmulatorStats[K] }
  ledger: MutableLedger
  faults: Faults
  listeners: Set<{ listener: (run: ApiRun) => void }>
  /** How many follow each run. Listeners hear of each new place of a followed run in the queue, too. */
  followers: Map<string, number>
  /** The changes that listeners have yet to hear of. The first one is on its way to them. */
  updates: ApiRun[]
  closed: boolean
}

export interface Container {
  name: string
  uri: string
  /** How many runs the container has had. */
  count: number
  running: Run | null
  pending: Run[]
}

export interface Run {
  id: string
  /** Counts the runs of the emulator: the order of arrival. */
  sequence: number
  /** Counts the runs of its container, as ComfyUI does. */
  number: number
  workflow: Workflow
  groupId: string | null
  status: Status
  /** The inputs as the API shows them. */
  apiInputs: ApiRun['inputs']
  /** The inputs for the workflow; dropped when the run has ended, since they hold whole uploads. */
  given: GivenInputs
  outputs: Output[]
  progress: number
  /** Whether the run is to have pictures while it is running. */
  previews: boolean
  /** The latest picture. */
  preview?: (OutputFile & { number: number }) | undefined
  error: string | null
  webhookUrl: string | undefined
  /** Set once the run has ended. */
  webhook?: ApiRun['webhook']
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

export function createState(settings: Settings): EngineState {
  const { seed } = settings
  const containers = Array.from({ length: settings.containers }, (_, index): Container => {
    const name = `container #${index + 1}`
    const uri = `http://comfy-${index + 1}.flowscale.test:8188`
    return { name, uri, count: 0, running: null, pending: [] }
  })
  const ledger = createLedger()
  return {
    settings,
    workflows: addBuiltIn(settings.workflows),
    containers,
    runs: new Map(),
    byOutput: new Map(),
    sendWebhook: async () => {},
    ended: [],
    known: new Map(),
    // Streams of their own: how often a client polls must not change the ids of later runs.
    randomRunIds: createRandom(`${seed}/run ids`),
    randomNames: createRandom(`${seed}/output names`),
    randomRequestIds: createRandom(`${seed}/request ids`),
    randomSeeds: createRandom(`${seed}/seeds`),
    stats: { requests: 0, runsStarted: 0, keysRefusedAtFiles: 0 },
    ledger,
    faults: createFaults(settings.faults, seed, (kind) => countOne(ledger.faults, kind)),
    listeners: new Set(),
    followers: new Map(),
    updates: [],
    closed: false,
  }
}

/** A run as it stands now, for the API and for listeners. */
export function toApiRun(run: Run): ApiRun {
  const { id, workflow, groupId, status, progress, container, outputs } = run
  const files = outputs.flatMap((output) => output.files)
  return {
    id,
    workflowId: workflow.id,
    groupId,
    status,
    progress,
    position: status === 'queued' ? container.pending.indexOf(run) + (container.running ? 1 : 0) : undefined,
    node: status === 'running' ? workflow.name : undefined,
    preview: run.preview?.number,
    inputs: run.apiInputs,
    outputNames: outputs.map(({ name }) => name),
    files: files.map(({ filename }) => filename),
    // Only the answer about one run needs them.
    get texts() {
      const texts = files.filter(({ type }) => /^text\/plain\b/.test(type))
      return Object.fromEntries(texts.map(({ filename, data }) => [filename, new TextDecoder().decode(data)]))
    },
    error: run.error,
    webhook: run.webhook,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    completedAt: run.completedAt,
  }
}

export function toApiContainer({ closed }: EngineState, container: Container): ApiContainer {
  const { name, uri, running, pending } = container
  const entry = (run: Run): [number, string] => [run.number, run.id]
  return {
    name,
    url: uri,
    status: closed ? 'stopped' : running ? 'running' : 'idle',
    running: running ? [entry(running)] : [],
    pending: pending.map(entry),
  }
}
