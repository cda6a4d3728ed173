import { parse } from '../internal/answer.ts'
import { toRun } from '../internal/data.ts'
import { withQuery } from '../internal/query.ts'
import { isGoing } from '../internal/status.ts'
import type { Pace } from './createPace.ts'
import type { Question, Questions } from './createQuestions.ts'
import { readAnswer } from './readAnswer.ts'
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
/** A server whose list could not be read so often, and never before, has none. */
const mostOdd = 3

export function createAsk(options: AskOptions): Ask {
  const { runs, groupId, timeoutMs, pace, questions, push, onFailure } = options
  let oddLists = 0
  let hasRead = false
  let pages = 1

  const get = async (href: string, init: RequestInit): Promise<Response> => {
    try {
      const { response, said } = await readAnswer(pace.send, href, init, timeoutMs, init.signal)
      const { ok, status, headers } = response
      if (!ok) onFailure()
      // The 0 of a redirect that a runtime hides can't be made anew.
      return status ? new Response(said || null, { status, headers }) : response
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
      question.resolve(response.finally(() => push?.note(runId, moment!)))
    }
  }

  const list: Ask['list'] = async (asked, isUrgent) => {
    const left = new Set(asked)
    let moment: number | undefined
    const answer = (runId: string, settle: (question: Question) => void) => {
      left.delete(runId)
      const taken = questions.take(runId)
      if (taken.length) push?.note(runId, moment!)
      taken.forEach(settle)
    }
    const answerAll = (settle: (question: Question) => void) => {
      onFailure()
      for (const runId of left) answer(runId, settle)
      return []
    }
    // Of one for all: one that is aborted must not take the others along.
    const { signal: _, ...init } = questions.of(asked[0]!)[0]!.init
    const seen = new Set<string>()
    for (let page = 1; left.size > (page > 1 ? few : 0); page++) {
      const query = { group_id: groupId, sort_by: 'created_at', sort_order: 'desc', page, page_size: 100 }
      const { signal } = questions
      if (!isUrgent || page > 1) await pace.turn(signal, isUrgent)
      moment = push?.now()
      let told: Awaited<ReturnType<typeof readAnswer>>
      try {
        told = await readAnswer(pace.send, withQuery(runs, query), init, timeoutMs, signal)
      } catch (error) {
        return answerAll(({ reject }) => reject(error))
      }
      const { ok, status, headers } = told.response
      const { data, meta } = Object(parse(told.said))
      const items = Array.isArray(data) ? data : Object(data).runs
      const isList = ok && Array.isArray(items)
      const isRefused = !status || [400, 404, 405, 422].includes(status)
      if (!hasRead && (isRefused || (ok && !isList && ++oddLists >= mostOdd))) pages = Infinity
      if (isRefused || pages === Infinity) break
      if (!isList)
        return answerAll(({ resolve, reject }) =>
          ok
            ? reject(new Error('the list of runs could not be read'))
            : resolve(new Response(told.said || null, { status, headers })),
        )
      hasRead = true
      pages = page
      const before = seen.size
      for (const item of items) {
        const { _id, status } = toRun(item)
        seen.add(_id)
        // It is for the others to say when they want to know.
        if (isUrgent && !left.has(_id) && isGoing(status)) continue
        answer(_id, ({ resolve }) => resolve(Response.json({ status: 'success', data: item })))
      }
      for (const runId of left) if (!questions.of(runId).length) left.delete(runId)
      // A server without pages gives the same again; beyond the last page there is nothing.
      if (seen.size === before || page >= (Object(meta).total_pages ?? page + 1)) break
    }
    return [...left]
  }

  return {
    get pages() {
      return pages
    },
    get,
    run,
    list,
  }
}
