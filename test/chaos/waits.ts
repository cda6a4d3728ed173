import {
  type Client,
  cancelRun,
  checkHealth,
  createClient,
  executeWorkflow,
  isFlowScaleError,
  type TimeoutError,
} from '@flowscale/client'
import { executeWorkflowAsync, waitForOutput, waitForResult, waitForRun } from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import type { FaultKind, Ledger } from '@flowscale/emulator'
import { WebSocket } from 'ws'
import { FAULT_KINDS } from '../../packages/emulator/src/faults/table.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { createRandom } from '../support/random.ts'
import {
  createTally,
  type Finding,
  keyLine,
  keysElsewhere,
  percentile,
  rareKinds,
  type Settings,
  tooRare,
  totalFaults,
} from './lib/finding.ts'
import { createSpy, inParallel, Stuck, within } from './lib/guard.ts'
import { type HostileServer, startChild, startServer } from './lib/server.ts'

const AT_A_TIME = 48
/** How many waits may be added until each kind of fault was played often enough. */
const MOST_MORE = 2400
const STUCK_MS = 120_000
/** How long the server takes to answer, in ms, when all waits ask it and nothing else goes on; and the most that is made of more. */
const USUAL_MS = 150
const SLOWEST = 20
const OPERATIONS = ['getRun', 'getOutput', 'connect', 'message'] as const

/** What a wait takes as the server's last word, as it documents: an error of its own, a redirect, an unknown run. */
const FINAL: readonly FaultKind[] = [
  'error-envelope',
  'vanished',
  'redirect-self',
  'redirect-elsewhere',
  'redirect-loop',
  'redirect-http',
]

const ENDS = ['completed', 'failed', 'cancelled', 'never'] as const
type End = (typeof ENDS)[number]

/** A wait that has ended, for what comes after. */
interface Wait {
  end: End
  runId: string
  error?: TimeoutError | undefined
}

export async function waits(settings: Settings): Promise<Finding> {
  const { seed, isLong } = settings
  const passing = FAULT_KINDS.filter((kind) => !FINAL.includes(kind))
  // One of those holds a wait up until its deadline: they are rarer than the others, so that runs are seen to end.
  const brief = passing.filter((kind) => !/^(hang-|drip|http-429-(seconds|date|absurd|year))/.test(kind))
  // Those that need a run of a certain state find none most of the time.
  const rare = [...Array<FaultKind>(16).fill('no-url'), ...Array<FaultKind>(3).fill('backwards')]
  // It ends a wait, and is to be played a hundred times all the same.
  const often = Array<FaultKind>(60).fill('vanished')
  const count = isLong ? 1800 : 90
  const play = async (kinds: readonly FaultKind[], count: number, isFinal: boolean) => {
    const ownSeed = isFinal ? seed + 1 : seed
    const server = await startServer({
      apiKey: CANARY,
      seed: ownSeed,
      containers: 100,
      maxRuns: 1_000_000,
      noted: [...FINAL, 'http-408'],
      faults: { seed: ownSeed, chance: 0.4, kinds, operations: OPERATIONS },
    })
    try {
      return await measure(settings, count, server, isFinal)
    } finally {
      await server.stop()
    }
  }
  const one = await play([...passing, ...brief, ...rare], count, false)
  const other = await play([...FAULT_KINDS, ...often], count / 9, true)
  const ledgers = [one.ledger, other.ledger]
  // The final kinds end a wait at once: the executes play them often enough, but for the one that is theirs only.
  const isFinal = (line: string): boolean =>
    FINAL.some((kind) => kind !== 'vanished' && line.startsWith(`${kind} `))
  const lacking = isLong ? tooRare(totalFaults(ledgers), OPERATIONS).filter((line) => !isFinal(line)) : []
  return {
    checks: one.checks + other.checks,
    failures: [...one.failures, ...other.failures, ...lacking],
    lines: [...one.lines, ...other.lines],
    ledgers,
  }
}

/** `isFinal`: answers may come that end a wait, with an error that says so. */
async function measure(
  { seed, isLong }: Settings,
  count: number,
  server: HostileServer,
  isFinal: boolean,
): Promise<Finding & { ledger: Ledger }> {
  const failures: string[] = []
  const ends = createTally()
  const late: number[] = []
  const ended: Wait[] = []
  const logger = createSpy()
  /** A 408 of `getOutput` is such a word, too: the run took too long for the server. */
  const lastWords: { targets: string[]; what: string }[] = []
  let early = 0
  let undone = 0
  let hung = 0
  const clientWith = (timeoutMs: number): Client =>
    createClient({ baseUrl: server.url, apiKey: CANARY, timeoutMs, retryDelayMs: 5, logger })
  // With the time limit of requests that apps have: a poll that hangs lasts until the deadline.
  const patient = createClient({ baseUrl: server.url, apiKey: CANARY, retryDelayMs: 5, logger })

  /** 1 on a machine that has nothing else to do. Health checks meet no fault. */
  async function measureSlowness(): Promise<number> {
    const start = performance.now()
    await checkHealth(patient)
    return Math.min(Math.max(1, (performance.now() - start) / USUAL_MS), SLOWEST)
  }

  async function wait(index: number): Promise<void> {
    const name = `${isFinal ? 'final ' : ''}wait ${index}`
    const random = createRandom(seed, name)
    const say = (what: string): void => void failures.push(`${name}, seed ${seed}: ${what}`)
    const draw = random()
    const end: End = draw < 0.6 ? 'completed' : draw < 0.75 ? 'failed' : draw < 0.88 ? 'cancelled' : 'never'
    const how = ['run', 'result', 'async', 'output'][Math.floor(random() * 4)]!
    const inputs = {
      text: name,
      ms: random() * 300,
      // One that is to be cancelled must not end by itself, however long that takes.
      end: end === 'cancelled' ? 'never' : end,
    }
    // All time limits are for how busy the machine is by now: if most waits reached theirs, they would show little.
    const slowness = await measureSlowness()
    const client = clientWith(250 * slowness)
    const timeoutMs = (1000 + random() * 2000) * slowness
    const push =
      random() < 0.4 && how !== 'output'
        ? connectWebSocket(client, {
            WebSocket,
            reconnectInterval: 20,
            maxReconnectAttempts: Number.POSITIVE_INFINITY,
            idleTimeoutMs: 300 * slowness,
          })
        : undefined
    let terminal = ''
    const options = { timeoutMs, pollIntervalMs: 10 + random() * 20 }
    const watching = {
      ...options,
      push,
      onUpdate({ status }: { status: string }) {
        if (terminal) {
          undone++
          say(`${terminal} was undone by ${status}`)
        }
        if (/^(completed|failed|cancelled)$/.test(status)) terminal = status
      },
    }
    let runId = ''
    let output = ''
    let start = Date.now()
    let cancelling: NodeJS.Timeout | undefined
    const cancelMs = random() * 300
    const submitted = (id: string): void => {
      runId = id
      start = Date.now()
      if (end !== 'cancelled') return
      cancelling = setTimeout(
        () => cancelRun(patient, id).catch((error) => say(`cancel: ${error}`)),
        cancelMs,
      )
    }
    try {
      let pending: Promise<unknown>
      if (how === 'async') {
        pending = executeWorkflowAsync(patient, 'qu1ck', inputs, {
          ...watching,
          onSubmitted(submission) {
            output = submission.outputNames[0] ?? ''
            submitted(submission.runId)
          },
        })
      } else {
        const { data } = await executeWorkflow(patient, 'qu1ck', inputs)
        submitted(data.run_id)
        output = data.output_names[0] ?? ''
        if (how === 'run') pending = waitForRun(client, runId, watching)
        else if (how === 'result') pending = waitForResult(client, runId, watching)
        else pending = waitForOutput(client, output, options)
      }
      const result = await within(STUCK_MS + timeoutMs, name, pending)
      assertNoCanary(result, 'a result')
      if (end !== 'completed') say(`ended well, and was to be ${end}`)
      ends.add('completed')
      ended.push({ end, runId })
    } catch (error) {
      const spentMs = Date.now() - start
      if (error instanceof Stuck) {
        hung++
        return say('hangs')
      }
      if (!isFlowScaleError(error)) return say(`ended with ${String(error)}`)
      assertNoCanary(error, `the error of ${name}`)
      if ((error as { runId?: string }).runId !== runId && how !== 'output' && runId)
        say(`an error without its runId: ${error}`)
      if (error.name === 'TimeoutError' && error.reason === 'deadline') {
        // A timer may be a millisecond early by another clock.
        if (spentMs < timeoutMs - 2) {
          early++
          say(`reached its deadline of ${timeoutMs} ms after ${spentMs} ms`)
        }
        late.push(spentMs - timeoutMs)
        ends.add('at the deadline')
        ended.push({ end, runId, error })
      } else if (
        error.name === 'RunError' &&
        (error.status === end || (how === 'output' && error.status === 'failed')) &&
        (end === 'failed' || end === 'cancelled')
      ) {
        ends.add(end)
        ended.push({ end, runId })
      } else if (
        runId &&
        (isFinal || (how === 'output' && (error as { status?: unknown }).status === 'timed_out'))
      ) {
        const what = `${name}, seed ${seed}: ended with ${error}`
        lastWords.push({ targets: [runId, output], what })
        ends.add(`by a last word (${error.name})`)
        ended.push({ end, runId })
      } else {
        early++
        say(`was to be ${end}, ended (${how}) with ${error.name}: ${error.message}`)
        ended.push({ end, runId })
      }
    } finally {
      clearTimeout(cancelling)
      push?.close()
      // Also where the wait was over first: what never ends would hold its container, and soon all of them.
      if (runId && (end === 'cancelled' || end === 'never')) await cancelRun(patient, runId)
    }
  }

  async function tryWait(index: number): Promise<void> {
    try {
      await wait(index)
    } catch (error) {
      failures.push(`wait ${index}, seed ${seed}: ${String(error)}`)
    }
  }

  // The first of all are slow on any machine.
  for (let round = 0; round < 3; round++)
    await inParallel(AT_A_TIME, AT_A_TIME, () => checkHealth(patient).then(() => {}))
  await inParallel(count, AT_A_TIME, tryWait)
  // Six in ten are to: if all went on to their deadline, nothing else would tell.
  const { completed: well = 0 } = ends.counts
  if (!isFinal && well < count * 0.3) failures.push(`only ${well} of ${count} waits saw their run completed`)
  let more = 0
  while (!isFinal && isLong && more < MOST_MORE) {
    const lacking = rareKinds((await server.report()).ledger.faults, OPERATIONS)
    const kinds = lacking.filter((kind) => !FINAL.includes(kind))
    if (kinds.length === 0) break
    // Rare by nature: as often as all others together.
    if (kinds.includes('no-url')) kinds.push(...Array<FaultKind>(kinds.length).fill('no-url'))
    await server.setKinds(kinds, 0.4)
    await inParallel(AT_A_TIME, AT_A_TIME, (index) => tryWait(count + more + index))
    more += AT_A_TIME
  }

  // The trouble is over.
  await server.setChance(0)
  const timedOut = ended.filter(({ error }) => error)
  let resumed = 0
  await inParallel(timedOut.length, 20, async (index) => {
    const { end, runId, error } = timedOut[index]!
    const told = await within(STUCK_MS, 'resume', error!.resume!({ timeoutMs: 100_000 }))
      .then(() => 'completed')
      .catch(wordOf)
    if (fits(told, end)) resumed++
    else failures.push(`resume of run ${runId}, seed ${seed}: ${told}, and was to be ${end}`)
  })
  const runs = ended.filter(({ runId }) => runId)
  // What a fresh process, which knows only the ids, finds: `completed`, with the file fetched, or a word of their end.
  const fresh = startChild('findAnewChild')
  const runIds = runs.map(({ runId }) => runId)
  const found: Record<string, string> = await fresh.ask({ url: server.url, runIds }).finally(fresh.stop)
  let anew = 0
  for (const { runId, end } of runs) {
    if (fits(found[runId] ?? 'nothing', end)) anew++
    else failures.push(`a fresh process found run ${runId}, seed ${seed}, ${found[runId]}, not ${end}`)
  }

  const { ledger, hit } = await server.settled()
  for (const { targets, what } of lastWords) {
    const wasSaid = hit.some((target) => targets.some((name) => name && target.includes(name)))
    if (!wasSaid) failures.push(`${what}, which the server never said`)
  }
  failures.push(...keysElsewhere(ledger))
  const fetched = runs.filter(({ runId }) => ledger.results[runId] === 1).length
  const completed = runs.filter(({ runId }) => found[runId] === 'completed').length
  if (fetched !== completed) failures.push(`${completed} results were fetched, the server sent ${fetched}`)
  failures.push(...logger.leaks)
  const [median, p99] = [percentile(late, 0.5), percentile(late, 0.99)]
  return {
    checks: count + more + timedOut.length + runs.length,
    failures,
    ledger,
    lines: [
      `${count + more} waits${isFinal ? ' where the server may also say a last word' : ''}: ${ends.text()}; hung ${hung}, ended early ${early}, terminal states undone ${undone}`,
      `past the deadline: median ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (of ${late.length})`,
      `found afterwards: ${resumed} of ${timedOut.length} by resume(), ${anew} of ${runs.length} by a fresh process`,
      `the server: ${ledger.runs.length} runs started, ${fetched} results sent, as many as completed`,
      keyLine(ledger, logger),
    ],
  }
}

/** The state that an error tells. */
function wordOf(error: { status?: unknown; name?: string; message?: string }): string {
  return error.name === 'RunError' ? String(error.status) : `${error.name}: ${error.message}`
}

/** `getOutput` says `failed` of a cancelled run; one that never ends was cancelled. */
function fits(told: string, end: End): boolean {
  if (end === 'completed' || end === 'failed') return told === end
  return told === 'cancelled' || told === 'failed'
}
