import {
  type Client,
  type ClientOptions,
  createClient,
  type PushConnection,
  type RunUpdate,
} from '@flowscale/client'
import type { Clock } from '@sinonjs/fake-timers'
import { CANARY } from '../../../support/canary.ts'
import { json, ok } from '../../../support/fakes.ts'

export interface Fleet {
  client: Client
  /** The states of the runs, oldest first; those that `hidden` holds are in no list. */
  runs: Map<string, string>
  hidden: Set<string>
  /** What was asked for, such as `list 2` and `run r7`, and when, in ms from the start. */
  asked: { what: string; at: number }[]
  count(kind: 'list' | 'run'): number
  /** Answers in the server's place, where it gives something. */
  reply: ((what: string, init: RequestInit) => Promise<Response | undefined>) | undefined
  push: PushConnection & { connected: boolean }
  /** Listeners of the connection, and the runs that are subscribed to. */
  listeners: Set<(runId: string, update: RunUpdate) => void>
  subscribed: Set<string>
  /** Sets the state of a run, and tells of it. */
  update(runId: string, status: string): void
}

/** A server of `count` runs, `r0` being the oldest, with pages of a hundred or, by `pages: false`, all in one. */
export function fleet(
  clock: Clock,
  count: number,
  { pages = true, ...options }: { pages?: boolean } & Partial<ClientOptions> = {},
): Fleet {
  const start = clock.now
  const runs = new Map(Array.from({ length: count }, (_, index) => [`r${index}`, 'running']))
  const hidden = new Set<string>()
  const asked: Fleet['asked'] = []
  const listeners: Fleet['listeners'] = new Set()
  const subscribed = new Set<string>()
  const show = (runId: string) => ({ _id: runId, status: runs.get(runId), outputs: [] })

  const list = (page: number): Response => {
    const shown = [...runs.keys()].filter((runId) => !hidden.has(runId)).reverse()
    if (!pages) return ok({ count: shown.length, runs: shown.map(show) })
    const total_pages = Math.ceil(shown.length / 100)
    return ok({ runs: shown.slice((page - 1) * 100, page * 100).map(show) }, { meta: { total_pages } })
  }

  const fetch = async (href: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted()
    const { pathname, searchParams } = new URL(href)
    const runId = pathname.split('/')[4]
    const page = Number(searchParams.get('page') ?? 1)
    const what = runId ? `run ${runId}` : `list ${page}`
    asked.push({ what, at: clock.now - start })
    const told = await self.reply?.(what, init)
    if (told) return told
    if (!runId) return list(page)
    return runs.has(runId) ? ok(show(runId)) : json({ detail: 'unknown' }, { status: 404 })
  }

  const self: Fleet = {
    client: createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch, ...options }),
    runs,
    hidden,
    asked,
    count: (kind) => asked.filter(({ what }) => what.startsWith(kind)).length,
    reply: undefined,
    push: {
      connected: true,
      watch(runId, listener) {
        let last: string | undefined
        const update = (updated: string, news: RunUpdate) => {
          if (updated !== runId) return
          listener(news, news.status !== last)
          last = news.status
        }
        listeners.add(update)
        subscribed.add(runId)
        return {
          pauseMs: (ms) => ms,
          stop() {
            listeners.delete(update)
            subscribed.delete(runId)
          },
        }
      },
    },
    listeners,
    subscribed,
    update(run_id, status) {
      runs.set(run_id, status)
      for (const listener of [...listeners]) listener(run_id, { status })
    },
  }
  return self
}
