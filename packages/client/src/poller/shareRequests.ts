import type { Rule } from '../internal/options.ts'
import { hide, reveal } from '../internal/secrets.ts'
import { maxDelayMs, sleep } from '../internal/withDeadline.ts'
import type { Client, PushConnection } from '../types.ts'
import { createAsk, few } from './createAsk.ts'
import { createPace } from './createPace.ts'
import { createQuestions } from './createQuestions.ts'
import { sharePush } from './sharePush.ts'

export interface SharedOptions {
  groupId?: string | undefined
  /** From the end of a round to the next. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Default 20. */
  maxRequestsPerSecond?: number | undefined
  push?: PushConnection | undefined
}

export interface Shared {
  readonly client: Client
  /** For waits, each with a deadline and a signal of its own: what they ask keeps its place, however long the line. */
  readonly patient: Client
  /** The push connection, as the wait for a run is to have it; with `isEager` for one that wants each state. */
  pushOf(runId: string, isEager?: boolean): PushConnection | undefined
}

/** A limit of requests per second. */
export const isRate: Rule = (value) => (typeof value === 'number' && value > 0) || 'a number above 0'

/** The longest pause between two rounds for runs whose end will be told, in ms. */
const mostMs = 30_000
/** How long news waits for what is told in the same moment, and a lot of it for more, in ms. */
const soonMs = 1
const gatherMs = 40

/**
 * A client like `client` whose requests for single runs wait for each other: a round asks for the list of runs, newest
 * first, and answers them all. What the list does not hold is asked for by itself. What a push connection tells of is
 * asked for at once, and what it will tell of, rarely. Other GETs take their turn; a POST is sent as it comes.
 */
export function shareRequests(client: Client, options: SharedOptions): Shared {
  const { groupId, pollIntervalMs: intervalMs = 1000, maxRequestsPerSecond = 20 } = options
  const secrets = reveal(client)
  const runs = `${client.baseUrl}/api/v1/runs`
  const pace = createPace(secrets.fetch, maxRequestsPerSecond, intervalMs)
  const questions = createQuestions()
  const push = options.push && sharePush(options.push, () => hurry())
  let roundAt = 0
  /** When all are asked for, also those whose end will be told. */
  let allAt = 0
  let quietRounds = 0

  const ask = createAsk({
    runs,
    groupId,
    timeoutMs: client.timeoutMs,
    pace,
    questions,
    push,
    // All are asked for in the next round.
    onFailure() {
      allAt = 0
      quietRounds = 0
    },
  })

  const round = async () => {
    const now = Date.now()
    const isHealthy = push?.connected
    const isAll = !isHealthy || now >= allAt
    if (isAll) {
      quietRounds = isHealthy ? quietRounds + 1 : 0
      allAt = now + Math.min(intervalMs * 2 ** quietRounds, mostMs)
    }
    const asked = questions.ids().filter((runId) => isAll || !push?.willTell(runId))
    const left = asked.length > Math.max(few, ask.pages) ? await ask.list(asked, false) : asked
    const end = Date.now()
    roundAt = end + intervalMs
    // Where the list told nothing, for as long as it took, too: it may do so again.
    const until = left.length < asked.length ? roundAt : roundAt + end - now
    for (const runId of left) {
      // The rest in the next round, where they come first: those in the list must not wait for them.
      if (Date.now() >= until) {
        allAt = 0
        break
      }
      await ask.run(runId)
    }
  }

  const rounds = whileAny(questions.ids, async () => {
    // Those who ask in this moment come along.
    await sleep(Math.max(0, roundAt - Date.now()), questions.signal)
    await round()
  })

  const told = () => questions.ids().filter((runId) => push?.hasNews(runId))
  const hurry = whileAny(told, async () => {
    const start = Date.now()
    await sleep(soonMs, questions.signal)
    await pace.turn(questions.signal, true)
    const moreMs = start + gatherMs - Date.now()
    if (moreMs > 0 && told().length > few) await sleep(moreMs, questions.signal)
    const [first, ...others] = told()
    if (!first) return
    if (others.length < ask.pages) await ask.run(first, true)
    else for (const runId of await ask.list([first, ...others], true)) await ask.run(runId)
  })

  const fetch = async (href: string, init: RequestInit): Promise<Response> => {
    if (init.method !== 'GET') return pace.send(href, init)
    const name = href.startsWith(`${runs}/`) ? href.slice(runs.length + 1) : ''
    if (!/^[^/?]+$/.test(name)) {
      await pace.turn(init.signal!)
      return href.startsWith(runs) ? ask.get(href, init) : pace.send(href, init)
    }
    const runId = decodeURIComponent(name)
    const answer = questions.ask(runId, href, init)
    rounds()
    if (push?.hasNews(runId)) hurry()
    return answer
  }

  const share = (timeoutMs: number, ownSignals?: boolean) =>
    hide({ ...client, timeoutMs }, { ...secrets, fetch, ownSignals })
  return {
    // A question may wait for a whole round before it is asked.
    client: share(client.timeoutMs + Math.max(intervalMs, push ? mostMs : 0)),
    patient: share(maxDelayMs, true),
    pushOf: (runId, isEager = false) => push?.of(runId, isEager),
  }
}

/** Runs `step` again and again, one at a time, as long as `any` gives something. */
function whileAny(any: () => string[], step: () => Promise<void>): () => Promise<void> {
  let isBusy = false
  return async () => {
    if (isBusy) return
    isBusy = true
    while (any().length) {
      try {
        await step()
      } catch {
        // Nobody asks any more.
      }
    }
    // At once: whoever asks from now on needs a new start.
    isBusy = false
  }
}
