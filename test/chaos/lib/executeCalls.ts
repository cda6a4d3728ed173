// Runs in every runtime: nothing of Node's but what the others have, too.
import type { Client, createClient, executeWorkflow, Fetch, isFlowScaleError } from '@flowscale/client'
import type { executeWorkflowAsync } from '@flowscale/client/poller'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { createRandom } from '../../support/random.ts'
import { inParallel, type Spy, within } from './guard.ts'

/** What a caller knows of one call, when it has ended. Plain data: it may come from another runtime. */
export interface Call {
  runIds: string[]
  /** The error says that it may have been submitted. */
  maybe: boolean
  /** It ended with what the caller itself has thrown or given. */
  ownEnd: boolean
  /** How it ended, in a few words. */
  end: string
  /** How often the client has called fetch to submit it. */
  submits: number
  /** What must not be. */
  wrongs: string[]
}

/** Each call has a group of its own, by which the server tells them apart. */
export const groupOf = (index: number): string => `call-${index}`

export const indexOf = (groupId: string | null): number => Number(/^call-(\d+)$/.exec(groupId ?? '')?.[1])

const AT_A_TIME = 64
const STUCK_MS = 120_000

/** The client, from its sources or as it is shipped. */
export interface Lib {
  createClient: typeof createClient
  executeWorkflow: typeof executeWorkflow
  executeWorkflowAsync: typeof executeWorkflowAsync
  isFlowScaleError: typeof isFlowScaleError
}

export interface Orders {
  url: string
  seed: number
  count: number
}

/** Executes so often, with random waits, files, aborts and errors of the caller's own; tells what each call knows. */
export async function executeCalls(lib: Lib, { url, seed, count }: Orders, logger: Spy): Promise<Call[]> {
  const calls: Call[] = []
  const counted: Fetch = (input, init) => {
    const { searchParams } = new URL(String(input))
    if (init?.method === 'POST') calls[indexOf(searchParams.get('group_id'))]!.submits++
    return fetch(input, init)
  }
  const client = lib.createClient({
    baseUrl: url,
    apiKey: CANARY,
    timeoutMs: 800,
    retryDelayMs: 5,
    maxRetries: 2,
    fetch: counted,
    logger,
  })
  await inParallel(count, AT_A_TIME, async (index) => {
    const call: Call = { runIds: [], maybe: false, ownEnd: false, end: '', submits: 0, wrongs: [] }
    calls[index] = call
    try {
      await execute(lib, client, seed, index, call)
    } catch (error) {
      call.wrongs.push(String(error))
    }
  })
  return calls
}

/** One call, whatever becomes of it. */
async function execute(lib: Lib, client: Client, seed: number, index: number, call: Call): Promise<void> {
  const random = createRandom(seed, `execute ${index}`)
  const waits = random() < 0.4
  const reason = { reason: index }
  const own = Object.assign(new Error('of the caller'), { code: 'ERR_FLOWSCALE_NETWORK', status: 0 })
  const control = new AbortController()
  const abortMs = random() < 0.1 ? random() * 300 : undefined
  const throwsIn = random() < 0.1 ? ['onSubmitted', 'onUpdate', 'headers'][Math.floor(random() * 3)] : ''
  const file = random() < 0.1 ? new Blob(['x'.repeat(random() * 2000)]) : undefined
  const mayThrow = (where: string): void => {
    if (where === throwsIn) throw own
  }
  const headers = (): Record<string, string> => {
    mayThrow('headers')
    return { 'x-call': String(index) }
  }
  const options = { groupId: groupOf(index), signal: control.signal, headers }
  const inputs = { text: `call ${index}`, ms: random() * 40, file }
  const timer = abortMs === undefined ? undefined : setTimeout(() => control.abort(reason), abortMs)
  try {
    const pending = waits
      ? lib
          .executeWorkflowAsync(client, 'qu1ck', inputs, {
            ...options,
            timeoutMs: 800,
            pollIntervalMs: 25,
            onSubmitted({ runId }) {
              call.runIds.push(runId)
              mayThrow('onSubmitted')
            },
            onUpdate: () => mayThrow('onUpdate'),
          })
          .then(({ runId }) => runId)
      : lib.executeWorkflow(client, 'qu1ck', inputs, options).then(({ data }) => data.run_id)
    call.runIds.push(await within(STUCK_MS, 'a call', pending))
    call.end = 'result'
  } catch (error) {
    if (error === reason || error === own) {
      call.ownEnd = true
      if (error === reason && abortMs === undefined) call.wrongs.push('ended by an abort that never was')
      call.end = error === reason ? 'own abort reason' : 'own error of a callback'
    } else if (lib.isFlowScaleError(error) && error.code !== 'ERR_FLOWSCALE_ARGUMENT') {
      const { runId, maybeSubmitted, groupId, submittedAt, workflowId } = error
      if (runId) call.runIds.push(runId)
      if (maybeSubmitted) {
        call.maybe = true
        const isWhole = groupId === options.groupId && workflowId === 'qu1ck' && submittedAt instanceof Date
        if (!isWhole) call.wrongs.push('maybeSubmitted without groupId, workflowId or submittedAt')
      }
      call.end = `${error.name}${runId ? ' with runId' : maybeSubmitted ? ' maybeSubmitted' : ''}`
      assertNoCanary(error, 'its error')
    } else call.wrongs.push(`ended with ${String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}
