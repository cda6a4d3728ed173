import { parse } from '../internal/answer.ts'
import { list, toRun } from '../internal/data.ts'
import type { Rule } from '../internal/options.ts'
import { withQuery } from '../internal/query.ts'
import { hide, reveal } from '../internal/secrets.ts'
import { sleep, within } from '../internal/within.ts'
import type { Client, Run } from '../types.ts'

/** A request for a run that waits for the next round. */
interface Question {
  href: string
  init: RequestInit
  resolve: (response: Response | Promise<Response>) => void
  reject: (error: unknown) => void
}

export interface SharedOptions {
  groupId: string | undefined
  /** From the end of a round to the next, in ms. */
  intervalMs: number
  maxRequestsPerSecond: number
}

/** A limit of requests per second. */
export const isRate: Rule = (value) => (typeof value === 'number' && value > 0) || 'a number above 0'

/** Up to so many are asked one by one. */
const few = 2

/**
 * A client like `client` whose requests for single runs wait for each other: a round asks for the list of runs, newest
 * first, and answers them all. What the list does not hold is asked for by itself. All else passes as it is.
 */
export function shareRequests(
  client: Client,
  { groupId, intervalMs, maxRequestsPerSecond }: SharedOptions,
): Client {
  const secrets = reveal(client)
  const runs = `${client.baseUrl}/api/v1/runs/`
  const questions = new Set<Question>()
  let isBusy = false
  /** Servers without a list, or without one of all groups, are not asked for it again. */
  let hasList = true
  let nextAt = 0

  /** Sends a request when it is its turn. */
  const send = async (href: string, init: RequestInit): Promise<Response> => {
    const now = Date.now()
    const at = Math.max(nextAt, now)
    nextAt = at + 1000 / maxRequestsPerSecond
    if (at > now) await sleep(at - now, init.signal ?? undefined)
    return (secrets.fetch ?? globalThis.fetch)(href, init)
  }

  const answer = (question: Question, response: Response | Promise<Response>) => {
    questions.delete(question)
    question.resolve(response)
  }

  /** Answers what a list tells of; gives what is left. */
  const askList = async (asked: readonly Question[]): Promise<readonly Question[]> => {
    const left = new Map<string, Question[]>()
    for (const question of asked) {
      const runId = decodeURIComponent(question.href.slice(runs.length))
      left.set(runId, [...(left.get(runId) ?? []), question])
    }
    // One that is aborted must not take the others along.
    const { signal: _, ...init } = asked[0]!.init
    const seen = new Set<string>()
    for (let page = 1; left.size > few; page++) {
      const query = { group_id: groupId, sort_by: 'created_at', sort_order: 'desc', page, page_size: 100 }
      const href = withQuery(runs.slice(0, -1), query)
      let response: Response | undefined
      // Its own limit: a list that hangs must not hold up the next round.
      const text = await within(
        client.timeoutMs,
        undefined,
        async (signal) => {
          response = await send(href, { ...init, signal })
          return response.text()
        },
        () => {
          throw new Error(`the list of runs took longer than ${client.timeoutMs}ms`)
        },
      )
      const { ok, status, headers } = response!
      if (!ok) {
        const isRefused = !status || [400, 404, 405, 422].includes(status)
        if (isRefused) hasList = false
        else
          for (const question of [...left.values()].flat())
            answer(question, new Response(text || null, { status, headers }))
        return isRefused ? [...left.values()].flat() : []
      }
      const { data, meta } = Object(parse(text))
      const before = seen.size
      for (const item of list(Array.isArray(data) ? data : Object(data).runs)) {
        const run: Run = toRun(item)
        seen.add(run._id)
        for (const question of left.get(run._id) ?? []) {
          answer(question, Response.json({ status: 'success', data: item }))
        }
        left.delete(run._id)
      }
      // A server without pages gives the same again; beyond the last page there is nothing.
      if (seen.size === before || page >= (Object(meta).total_pages ?? page + 1)) break
    }
    return [...left.values()].flat()
  }

  const round = async () => {
    const asked = [...questions]
    try {
      const left = hasList && asked.length > few ? await askList(asked) : asked
      for (const question of left) {
        if (questions.has(question)) answer(question, send(question.href, question.init))
      }
    } catch (error) {
      for (const question of asked) question.reject(error)
      for (const question of asked) questions.delete(question)
    }
  }

  const work = async () => {
    isBusy = true
    // Those who ask in this moment come along.
    for (let ms = 0; ; ms = intervalMs) {
      await sleep(ms)
      if (!questions.size) break
      await round()
    }
    isBusy = false
  }

  const fetch = (href: string, init: RequestInit): Promise<Response> => {
    const isRun = init.method === 'GET' && href.startsWith(runs) && /^[^/?]+$/.test(href.slice(runs.length))
    if (!isRun) return send(href, init)
    return new Promise((resolve, reject) => {
      const { signal } = init
      const stop = () => {
        questions.delete(question)
        reject(signal?.reason)
      }
      const clear = () => signal?.removeEventListener('abort', stop)
      const question: Question = {
        href,
        init,
        resolve: (response) => {
          clear()
          resolve(response)
        },
        reject: (error) => {
          clear()
          reject(error)
        },
      }
      signal?.addEventListener('abort', stop)
      questions.add(question)
      if (!isBusy) work()
    })
  }

  return hide({ ...client }, { ...secrets, fetch })
}
