// A pod in memory, storages of all kinds, and a page's window: what the tests of the store stand on.
import { type Client, createClient } from '@flowscale/client'
import { createRunStore, type RunSnapshot, type RunStorage } from '@flowscale/client/store'
import type { Clock } from '@sinonjs/fake-timers'
import { assert, suite, type Test } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { fakeClock, json, ok } from '../../../support/fakes.ts'

/** Where a store of `fakePod` keeps its run. */
export const PLACE = 'flowscale-run http://pod.test'

export interface PodRun {
  _id: string
  group_id: string | null
  status: string
  progress?: number
  position?: number
  outputs: { filename: string; url: string }[]
}

type Answer = () => Response | Promise<Response>

/** Answers at once, but where a test gives an answer of its own; `signal` is the request's. */
export function fakePod() {
  const runs = new Map<string, PodRun>()
  const sent: string[] = []
  const pod = {
    runs,
    /** Method and path of each request. */
    sent,
    onPost: undefined as ((answer: Answer, signal: AbortSignal) => Response | Promise<Response>) | undefined,
    onList: undefined as ((answer: Answer) => Response | Promise<Response>) | undefined,
    onGet: undefined as ((answer: Answer) => Response | Promise<Response>) | undefined,
    onCancel: undefined as ((answer: Answer) => Response | Promise<Response>) | undefined,
    /** The next POST is answered when the test says so. */
    hold() {
      const held = { answer: () => {} }
      pod.onPost = (start, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          held.answer = () => resolve(start())
        })
      return held
    },
    count: (start: string) => sent.filter((line) => line.startsWith(start)).length,
    get last() {
      return [...runs.values()].at(-1)!
    },
    client: undefined as unknown as Client,
    fetch: undefined as unknown as typeof fetch,
  }
  const fetch = async (address: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { pathname, searchParams } = new URL(String(address))
    const path = pathname.replace('/api/v1/', '')
    const { method = 'GET', signal } = init
    signal?.throwIfAborted()
    sent.push(`${method} ${path}`)
    const [, id = '', action] = path.split('/')
    const run = runs.get(id)
    if (method === 'POST' && !id) {
      const start = () => {
        const run_id = `run-${runs.size + 1}`
        const group_id = searchParams.get('group_id')
        runs.set(run_id, { _id: run_id, group_id, status: 'queued', outputs: [] })
        return ok({ run_id, output_names: [] })
      }
      return pod.onPost?.(start, signal!) ?? start()
    }
    if (action) {
      const cancel = () => {
        if (!run) return json({ detail: 'unknown' }, { status: 404 })
        if (/queued|running/.test(run.status)) run.status = 'cancelled'
        return ok('done')
      }
      return pod.onCancel?.(cancel) ?? cancel()
    }
    if (id) {
      const get = () => (run ? ok(run) : json({ detail: 'unknown' }, { status: 404 }))
      return pod.onGet?.(get) ?? get()
    }
    const group = searchParams.get('group_id')
    const all = () => ok({ runs: [...runs.values()].filter(({ group_id }) => group_id === group) })
    return pod.onList?.(all) ?? all()
  }
  pod.fetch = fetch as typeof pod.fetch
  pod.client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch, maxRetries: 0 })
  return pod
}

/** A refusal by the server. */
export const refuse = (status: number) => () => json({ detail: 'no' }, { status })

/** As those of a page. `use` counts how often it was used. */
export function memoryStorage(start: Record<string, string> = {}) {
  const items = new Map(Object.entries(start))
  const storage = {
    items,
    uses: 0,
    getItem(key: string) {
      storage.uses++
      return items.get(key) ?? null
    },
    setItem(key: string, value: string) {
      storage.uses++
      items.set(key, value)
    },
    removeItem(key: string) {
      storage.uses++
      items.delete(key)
    },
    get saved() {
      const [, text] = [...items].find(([name]) => name.startsWith('flowscale-run ')) ?? []
      return text === undefined ? undefined : JSON.parse(text)
    },
  }
  return storage
}

/** The group of `savedRun`. */
export const GROUP = 'flowscale-store-1-x'

/** A storage that has the run of an earlier page. */
export const savedRun = (run: object) =>
  memoryStorage({ [PLACE]: JSON.stringify({ groupId: GROUP, ...run }) })

/** Gives the global object the events of a window, and counts who listens. */
export function fakeWindow() {
  const target = new EventTarget()
  const listening = new Set<unknown>()
  const before = ['addEventListener', 'removeEventListener'].map((name) => [
    name,
    Object.getOwnPropertyDescriptor(globalThis, name),
  ]) as [string, PropertyDescriptor | undefined][]
  Object.assign(globalThis, {
    addEventListener(type: string, listener: EventListener) {
      listening.add(listener)
      target.addEventListener(type, listener)
    },
    removeEventListener(type: string, listener: EventListener) {
      listening.delete(listener)
      target.removeEventListener(type, listener)
    },
  })
  return {
    listening,
    /** As a browser says it to the other tabs. */
    say: (key: string | null = PLACE) => target.dispatchEvent(Object.assign(new Event('storage'), { key })),
    close() {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor)
        else delete (globalThis as Record<string, unknown>)[name]
      }
    },
  }
}

/** Whoever started before `now` did so in a page that is gone. */
export const loadPage = (now: number) =>
  Object.defineProperty(performance, 'timeOrigin', { value: now, configurable: true })

/** What each case of a store has. */
interface Stage {
  clock: Clock
  pod: ReturnType<typeof fakePod>
  view: ReturnType<typeof fakeWindow>
  /** No timer, and nobody who listens to the window. */
  nothingLeft(): void
}

const listening: (() => void)[] = []

/** A suite on a pod, a clock and a window of each case, of which nothing is left when its listeners have gone. */
export function storeSuite(name: string): Test<Stage> {
  const { timeOrigin } = performance
  const test = suite<Stage>(name)
  test.before.each((stage) => {
    const clock = fakeClock()
    const view = fakeWindow()
    const nothingLeft = () =>
      assert.equal([clock.countTimers(), view.listening.size], [0, 0], 'nothing is left')
    Object.assign(stage, { clock, view, pod: fakePod(), nothingLeft })
    loadPage(Date.now() - 1)
  })
  test.after.each(async ({ clock, view, nothingLeft }) => {
    try {
      for (const stop of listening.splice(0)) stop()
      await settle(clock)
      nothingLeft()
    } finally {
      loadPage(timeOrigin)
      view.close()
      clock.uninstall()
    }
  })
  return test
}

/** A store that polls each second, with a listener that keeps each snapshot. */
export function watched(
  client: Client,
  storage: RunStorage | null = null,
  options: Parameters<typeof createRunStore>[1] = {},
) {
  const store = createRunStore(client, { storage, pollIntervalMs: 1000, ...options })
  const seen: RunSnapshot[] = []
  const stop = store.subscribe(() => seen.push(store.getSnapshot()))
  listening.push(stop)
  return {
    ...store,
    seen,
    stop,
    get now() {
      return store.getSnapshot()
    },
    get words() {
      return seen.map(({ status }) => status)
    },
  }
}

/** Lets all that needs no time happen. */
export const settle = (clock: Clock): Promise<number> => clock.tickAsync(0)
