// What an operator sees of a gateway: whether it is ready, its figures, and a log line for each run.
import type { Container, Engine, Observer, RunEnd } from '../engine.ts'
import type { Operator } from '../http/types.ts'
import { type Meter, MOST_SERIES } from './createMeter.ts'

/** Answers of probes are kept for so long: anybody may ask, and each look writes to the store. */
const FRESH_MS = 3_000

const ENDS: readonly RunEnd['end'][] = ['completed', 'failed', 'cancelled', 'lost', 'expired']

/** An alert sees only the growth of a figure that was there before: the first failure, too, has to be one. */
function beginEnds(meter: Meter, workflowId: string, owner: string | undefined): void {
  for (const end of ENDS) meter.add('flowscale_runs_total', [workflowId, owner, end], 0)
}

/** Counts what an engine tells, and logs the end of each run. */
export function createObserver(meter: Meter, logEnd: (end: RunEnd) => void): Observer {
  return {
    ended(run) {
      const { workflowId, owner, end, waitedMs, ranMs } = run
      beginEnds(meter, workflowId, owner)
      meter.add('flowscale_runs_total', [workflowId, owner, end])
      if (ranMs !== undefined) {
        meter.add('flowscale_run_wait_seconds', [workflowId], waitedMs / 1_000)
        meter.add('flowscale_run_duration_seconds', [workflowId], ranMs / 1_000)
      }
      logEnd(run)
    },
    modelLoaded: (workflowId) => meter.add('flowscale_model_loads_total', [workflowId]),
    idle: (server, ms) => meter.add('flowscale_gpu_idle_seconds_total', [server], ms / 1_000),
    storeFailed: () => meter.add('flowscale_store_errors_total', []),
  }
}

export const hasFailed = ({ end }: RunEnd): boolean => end !== 'completed' && end !== 'cancelled'

/** The end of a run as a log line. */
export function lineOf({ id, workflowId, owner, server, end, waitedMs, ranMs }: RunEnd): string {
  const where = `${owner ? ` for ${owner}` : ''}${server ? ` on ${server}` : ''}`
  const ran = ranMs === undefined ? '' : `, ran ${ranMs} ms`
  return `Run ${id} of ${workflowId}${where} ${end}: waited ${waitedMs} ms${ran}`
}

/** `expect` gives the workflows and the names of the keys whose runs may come. */
export function createOperator(
  engine: Engine,
  meter: Meter,
  expect: () => Promise<{
    readonly workflows: readonly string[]
    readonly owners: readonly (string | undefined)[]
  }>,
  maxWaiting: number = Infinity,
): Operator {
  let last: { readonly at: number; readonly reasons: Promise<readonly string[]> } | undefined

  async function findReasons(): Promise<readonly string[]> {
    const [containers, isWritten] = await Promise.all([
      engine.containers().catch(() => undefined),
      engine.probe?.().catch(() => false) ?? true,
    ])
    const reasons: string[] = []
    if (containers?.every((one) => one.isQueue || stateOf(one) === 'away')) reasons.push('No server answers')
    const waiting = countWaiting(containers ?? [])
    if (waiting >= maxWaiting) reasons.push(`${waiting} runs wait, and the limit is ${maxWaiting}`)
    // Without the reason: it may name hosts, and anybody may read it.
    if (!containers || isWritten === false) reasons.push("The store of the runs can't be used")
    return reasons
  }

  /** Where there are few. Other figures begin with their first run. */
  async function beginExpected(): Promise<void> {
    const { workflows, owners } = await expect()
    if (workflows.length * owners.length * ENDS.length > MOST_SERIES / 2) return
    for (const workflow of workflows) for (const owner of owners) beginEnds(meter, workflow, owner)
  }

  return {
    reasons() {
      const now = performance.now()
      if (!last || now - last.at >= FRESH_MS) last = { at: now, reasons: findReasons() }
      return last.reasons
    },
    refused: (status, owner) => meter.add('flowscale_submissions_refused_total', [status, owner]),
    async metrics() {
      const [containers, oldestAt] = await Promise.all([
        engine.containers().catch(() => undefined),
        engine.oldestAt?.().catch(() => undefined),
        // A folder that can't be read has its own lines.
        beginExpected().catch(() => {}),
      ])
      // While the store is away, the counters go on.
      if (!containers) return meter.write({})
      const states = containers.filter(({ isQueue }) => !isQueue).map(stateOf)
      const oldestMs = oldestAt === undefined ? 0 : Math.max(0, Date.now() - oldestAt)
      return meter.write({
        flowscale_runs_waiting: [[[], countWaiting(containers)]],
        ...(engine.oldestAt && { flowscale_oldest_wait_seconds: [[[], oldestMs / 1_000]] }),
        flowscale_servers: STATES.map((state) => [[state], states.filter((one) => one === state).length]),
      })
    },
  }
}

const STATES = ['busy', 'idle', 'resting', 'paused', 'away'] as const

function stateOf({ status, reason }: Container): (typeof STATES)[number] {
  if (status === 'idle') return 'idle'
  // A stalled server answers.
  if (status === 'running' || status === 'stalled') return 'busy'
  if (reason === undefined) return 'away'
  return reason === 'paused' ? 'paused' : 'resting'
}

const countWaiting = (containers: readonly Container[]): number =>
  containers.reduce((sum, { waiting, pending }) => sum + (waiting ?? pending.length), 0)
