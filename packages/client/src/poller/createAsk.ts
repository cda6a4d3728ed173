import { parse, redact } from '../internal/answer.ts'
import { toRun } from '../internal/data.ts'
import { withQuery } from '../internal/query.ts'
import { isDone, isFailed, isGoing } from '../internal/status.ts'
import { withDeadline } from '../internal/withDeadline.ts'
import type { Pace } from './createPace.ts'
import type { Questions } from './createQuestions.ts'
import type { SharedPush } from './sharePush.ts'

/** Asks a server what waits want to know. */
export interface Ask {
  /** What a list costs, as far as known, in requests; `Infinity` where the server has none. */
  readonly pages: number
  /** Sends a GET whose turn it is. */
  get(href: string, init: RequestInit): Promise<Response>
  /** Asks for a run by itself, for each that waits for it. */
  run(runId: string, hasTurn?: boolean): Promise<void>
  /** Answers those that the list tells of, or all when it fails; gives what is left. An urgent one has its turn. */
  list(runIds: readonly string[], isUrgent: boolean): Promise<readonly string[]>
}

interface AskOptions {
  /** Where the runs are. */
  runs: string
  groupId: string | undefined
  timeoutMs: number
  pace: Pace
  questions: Questions
  push: SharedPush | undefined
  onFailure: () => void
}

/** Up to so many are asked one by one. */
export const few = 2
/** A list that fails after so long, in ms, is no answer for those who wait for it: they are asked for one by one. */
const slowMs = 5000
/** After so many lists that failed in a row, each further one is tried after a round without. */
const mostFailures = 3

interface Told {
  response: Response
  said: string
}

/** Rejects for a status that no response can be made with; the 0 of a redirect that a runtime hides is given as it is. */
const copy = async ({ response, said }: Told): Promise<Response> => {
  const { status, headers } = response
  return status ? new Response(said || null, { status, headers }) : response
}

export function createAsk(options: AskOptions): Ask {
  const { runs, groupId, timeoutMs, pace, questions, push, onFailure } = options
  let failures = 0
  /** 0 until a list was read. */
  let pages = 0

  /** Reads an answer to its end. The limit of the request itself does not hold here: it counts the wait for a turn. */
  const read = (href: string, init: RequestInit, outer: AbortSignal): Promise<Told> =>
    withDeadline(
      timeoutMs,
      outer,
      async (signal) => {
        const response = await pace.send(href, { ...init, signal })
        return { response, said: await response.text() }
      },
      () => {
        throw new Error(`timed out after ${timeoutMs}ms`)
      },
    )

  const get = async (href: string, init: RequestInit): Promise<Response> => {
    try {
      const told = await read(href, init, init.signal!)
      if (!told.response.ok) onFailure()
      return await copy(told)
    } catch (error) {
      onFailure()
      throw error
    }
  }

  const run: Ask['run'] = async (runId, hasTurn) => {
    for (let left = questions.of(runId).length; left > 0; left--) {
      if (!hasTurn) await pace.turn(questions.signal)
      hasTurn = false
      const [question] = questions.of(runId)
      if (!question) return
      questions.take(runId, [question])
      const moment = push?.now()
      const response = get(question.href, question.init)
      question.answer(response.finally(() => push?.note(runId, moment!)))
    }
  }

  const list: Ask['list'] = async (asked, isUrgent) => {
    const left = new Set(asked)
    let moment: number | undefined
    let askedAt: number
    const answer = (runId: string, make: () => Response | Promise<Response>) => {
      left.delete(runId)
      for (const question of questions.take(runId)) {
        push?.note(runId, moment!)
        question.answer(make())
      }
    }
    const answerAll = (make: () => Response | Promise<Response>) => {
      failures++
      onFailure()
      if (Date.now() - askedAt > slowMs) return [...left]
      for (const runId of left) answer(runId, make)
      return []
    }
    if (failures >= mostFailures) {
      failures--
      return asked
    }
    // Of one for all: one that is aborted must not take the others along.
    const { signal: _, ...init } = questions.of(asked[0]!)[0]!.init
    /** What a server echoes of the headers of one is not for the others. */
    const clean = <T>(value: T): T => redact(value, init.headers as Record<string, string>)
    const seen = new Set<string>()
    /** Pages that told nothing of those that are asked for: to go on must not cost more than to ask for each. */
    let vain = 0
    for (let page = 1; left.size > (page > 1 ? Math.max(few, vain) : 0); page++) {
      const query = { group_id: groupId, sort_by: 'created_at', sort_order: 'desc', page, page_size: 100 }
      const { signal } = questions
      if (!isUrgent || page > 1) await pace.turn(signal, isUrgent)
      moment = push?.now()
      askedAt = Date.now()
      let told: Told
      try {
        told = await read(withQuery(runs, query), init, signal)
      } catch (error) {
        return answerAll(() => Promise.reject(error))
      }
      const { ok, status } = told.response
      const { data, meta } = Object(parse(told.said))
      const items = Array.isArray(data) ? data : Object(data).runs
      // Those for single runs may pass all the same, also a proxy, or with headers of their own.
      if (!ok && status < 500 && ![408, 425, 429].includes(status)) {
        pages ||= Infinity
        break
      }
      // Without a result, as far as a run is concerned: what an envelope says of the list is nothing final for it.
      if (!ok || !Array.isArray(items)) {
        return answerAll(async () => {
          if (ok) return new Response()
          const { said, headers } = clean({
            said: parse(told.said),
            headers: Object.fromEntries(told.response.headers),
          })
          return new Response(JSON.stringify(said), { status, headers })
        })
      }
      failures = 0
      pages = page
      const before = seen.size
      const leftBefore = left.size
      for (const item of items) {
        const { _id, status } = toRun(item)
        seen.add(_id)
        // Too little: the run itself tells more.
        if (!status || (isDone(status) && !Object(item).outputs)) continue
        // It is for the others to say when they want to know.
        if (isUrgent && !left.has(_id) && isGoing(status)) continue
        answer(_id, async () =>
          Response.json({ status: 'success', data: isFailed(status) ? clean(item) : item }),
        )
      }
      if (left.size === leftBefore) vain++
      for (const runId of left) if (!questions.of(runId).length) left.delete(runId)
      // A server without pages gives the same again; beyond the last page there is nothing.
      if (seen.size === before || page >= (Object(meta).total_pages ?? page + 1)) break
    }
    return [...left]
  }

  return {
    get pages() {
      return pages || 1
    },
    get,
    run,
    list,
  }
}
