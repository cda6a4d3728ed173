import { createClient, executeWorkflow, getRuns, isFlowScaleError } from '../../packages/client/src/index.ts'
import { executeWorkflowAsync } from '../../packages/client/src/poller/index.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { inParallel, within } from './lib/guard.ts'
import { createRandom } from './lib/random.ts'
import { type HostileServer, startServer } from './lib/server.ts'
import { createSpy } from './lib/spy.ts'
import { createTally, faultLines, tooRare } from './lib/tables.ts'
import type { Finding, Part, Settings } from './types.ts'

const AT_A_TIME = 64
const STUCK_MS = 60_000
const OVERALL_MS = 240_000

/** What a caller knows of one call, when it has ended. */
interface Call {
  runIds: Set<string>
  maybe: boolean
  /** It ended with what the caller itself has thrown or given. */
  ownEnd: boolean
}

export const executes: Part = {
  name: 'executes',
  async run(settings) {
    let server: HostileServer | undefined
    try {
      server = await startServer({
        apiKey: CANARY,
        seed: settings.seed,
        speed: Number.POSITIVE_INFINITY,
        containers: 100,
        maxRuns: 1_000_000,
        faults: { seed: settings.seed, chance: 0.6, operations: ['executeWorkflow', 'getRun', 'getOutput'] },
      })
      return await within(OVERALL_MS, 'executes', measure(settings, server))
    } catch (error) {
      return { checks: 1, failures: [String(error)], lines: [] }
    } finally {
      await server?.stop()
    }
  },
}

async function measure({ seed, scale }: Settings, server: HostileServer): Promise<Finding> {
  const count = scale === 'short' ? 300 : 10_000
  const failures: string[] = []
  const logger = createSpy()
  const ends = createTally()
  const calls: Call[] = []
  const client = createClient({
    baseUrl: server.url,
    apiKey: CANARY,
    timeoutMs: 800,
    retryDelayMs: 5,
    maxRetries: 2,
    logger,
  })

  /** One call, whatever becomes of it. */
  async function execute(index: number): Promise<void> {
    const random = createRandom(seed, `execute ${index}`)
    const call: Call = { runIds: new Set(), maybe: false, ownEnd: false }
    calls[index] = call
    const say = (what: string): void => void failures.push(`call ${index}, seed ${seed}: ${what}`)
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
        ? executeWorkflowAsync(client, 'qu1ck', inputs, {
            ...options,
            timeoutMs: 800,
            pollIntervalMs: 25,
            onSubmitted({ runId }) {
              call.runIds.add(runId)
              mayThrow('onSubmitted')
            },
            onUpdate: () => mayThrow('onUpdate'),
          }).then(({ runId }) => runId)
        : executeWorkflow(client, 'qu1ck', inputs, options).then(({ data }) => data.run_id)
      call.runIds.add(await within(STUCK_MS, 'a call', pending))
      ends.add('result')
    } catch (error) {
      if (error === reason || error === own) {
        call.ownEnd = true
        if (error === reason && abortMs === undefined) say('ended by an abort that never was')
        ends.add(error === reason ? 'own abort reason' : 'own error of a callback')
      } else if (isFlowScaleError(error) && error.code !== 'ERR_FLOWSCALE_ARGUMENT') {
        assertNoCanary(error, `the error of call ${index}`)
        const { runId, maybeSubmitted, groupId, submittedAt, workflowId } = error
        if (runId) call.runIds.add(runId)
        if (maybeSubmitted) {
          call.maybe = true
          const isWhole = groupId === groupOf(index) && workflowId === 'qu1ck' && submittedAt instanceof Date
          if (!isWhole) say('maybeSubmitted without groupId, workflowId or submittedAt')
        }
        ends.add(`${error.name}${runId ? ' with runId' : maybeSubmitted ? ' maybeSubmitted' : ''}`)
      } else say(`ended with ${String(error)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  await inParallel(count, AT_A_TIME, async (index) => {
    try {
      await execute(index)
    } catch (error) {
      failures.push(`call ${index}, seed ${seed}: ${String(error)}`)
    }
  })
  const { ledger } = await server.settled()

  const known = createTally()
  const byCall = new Map<number, string[]>()
  for (const { runId, groupId } of ledger.runs) {
    const index = Number(/^call-(\d+)$/.exec(groupId ?? '')?.[1])
    const { runIds, maybe, ownEnd } = calls[index]!
    byCall.set(index, [...(byCall.get(index) ?? []), runId])
    if (runIds.has(runId)) known.add('by its id')
    else if (maybe) known.add('by maybeSubmitted')
    else if (ownEnd) known.add('lost to the caller’s own abort or error')
    else failures.push(`call ${index}, seed ${seed}: run ${runId} was started, and the caller was not told`)
  }
  const twice = [...byCall].filter(([, runIds]) => runIds.length > 1)
  for (const [index] of twice) failures.push(`call ${index}, seed ${seed}: started more than one run`)
  const started = new Set(ledger.runs.map(({ runId }) => runId))
  for (const [index, { runIds }] of calls.entries()) {
    for (const runId of runIds) {
      if (!started.has(runId)) failures.push(`call ${index}, seed ${seed}: run ${runId} was never started`)
    }
  }
  for (const [place, times] of Object.entries(ledger.keys.elsewhere)) {
    failures.push(`the key was seen ${times} times in ${place}`)
  }
  failures.push(...logger.leaks)

  // What an error with maybeSubmitted says to do: look for the run by its group.
  await server.setChance(0)
  const maybes = [...calls.keys()].filter((index) => calls[index]!.maybe).slice(0, 100)
  const calm = createClient({ baseUrl: server.url, apiKey: CANARY })
  for (const index of maybes) {
    const { data } = await getRuns(calm, { groupId: groupOf(index) })
    const found = data.runs.map(({ _id }) => _id)
    const wanted = byCall.get(index) ?? []
    if (String(found) !== String(wanted))
      failures.push(`call ${index}: getRuns found ${found}, not ${wanted}`)
  }

  if (scale !== 'short') failures.push(...tooRare(ledger.faults, ['executeWorkflow']))
  return {
    checks: count + ledger.runs.length + maybes.length,
    failures,
    lines: [
      `${count} calls: ${ends.text()}`,
      `${ledger.runs.length} runs started, known ${known.text()}; started twice by one call: ${twice.length}`,
      `${maybes.length} of those that were maybe submitted: looked for by getRuns, and found as the ledger has them`,
      `key: ${ledger.keys.header} times in X-API-KEY, elsewhere ${Object.keys(ledger.keys.elsewhere).length}; searched in ${logger.lines} log lines and every error`,
      ...faultLines(ledger.faults),
    ],
  }
}

const groupOf = (index: number): string => `call-${index}`
