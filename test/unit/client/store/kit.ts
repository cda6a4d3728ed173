// A pod in memory, storages of all kinds, and a page's window: what the tests of the store stand on.
import { type Client, createClient } from '@flowscale/client'
import { createRunStore, type RunSnapshot, type RunStorage } from '@flowscale/client/store'
import type { Clock, FakeMethod } from '@sinonjs/fake-timers'
import { assert, suite, type Test } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { fakeClock, json, ok } from '../../../support/fakes.ts'
import { restoreGlobals, setGlobals } from '../../../support/setGlobals.ts'

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

type Answer = Response | Promise<Response>

/** Answers at once, but where a test gives an answer of its own; `signal` is the request's. */
export function fakePod() {
  const runs = new Map<string, PodRun>()
  const sent: string[] = []
  const pod = {
    runs,
    /** Method and path of each request. */
    sent,
    onPost: undefined as ((start: () => Response, signal: AbortSignal) => Answer) | undefined,
    onList: undefined as (() => Answer) | undefined,
    onGet: undefined as (() => Answer) | undefined,
    onCancel: undefined as (() => Answer) | undefined,
    /** The next POST is answered when the test calls what this gives. */
    hold() {
      let answer = () => {}
      pod.onPost = (start, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          answer = () => resolve(start())
        })
      return () => answer()
    },
    /** Each POST is reset; with `true` after its run has started. */
    reset(hasStarted = false) {
      pod.onPost = (start) => {
        if (hasStarted) start()
        return Promise.reject(new TypeError('reset'))
      }
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
    const unknown = () => json({ detail: 'unknown' }, { status: 404 })
    if (action) {
      if (pod.onCancel) return pod.onCancel()
      if (!run) return unknown()
      if (/queued|running/.test(run.status)) run.status = 'cancelled'
      return ok('done')
    }
    if (id) return pod.onGet?.() ?? (run ? ok(run) : unknown())
    const group = searchParams.get('group_id')
    return pod.onList?.() ?? ok({ runs: [...runs.values()].filter(({ group_id }) => group_id === group) })
  }
  pod.fetch = fetch as typeof pod.fetch
  pod.client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch, maxRetries: 0 })
  return pod
}

/** A refusal by the server. */
export const refuse = (status: number) => () => json({ detail: 'no' }, { status })

/** As those of a page. `uses` counts how often it was used. */
export function memoryStorage(start: Record<string, string> = {}) {
  const items = new Map(Object.entries(start))
  const used = () => {
    storage.uses++
    return items
  }
  const storage = {
    items,
    uses: 0,
    getItem: (key: string) => used().get(key) ?? null,
    setItem: (key: string, value: string) => void used().set(key, value),
    removeItem: (key: string) => void used().delete(key),
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
  setGlobals({
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
  }
}

/** Whoever started before `now` did so in a page that is gone. */
export const loadPage = (now: number) =>
  Object.defineProperty(performance, 'timeOrigin', { value: now, configurable: true })

type Watched = ReturnType<typeof watched>

/** What each case of a store has. */
interface Stage {
  clock: Clock
  pod: ReturnType<typeof fakePod>
  view: ReturnType<typeof fakeWindow>
  /** Lets all happen that needs no time. */
  settle(): Promise<unknown>
  /** A store with a run that the server has been asked for. */
  begin(...args: StoreArgs): Promise<Watched>
  /** A store whose POST is answered when the test says so; `started` is what `start` gives. */
  submit(...args: StoreArgs): Promise<Watched & { answer(): void; started: Promise<RunSnapshot> }>
  /** The newest run gets a status, and `ms` go by. */
  turn(status: string, ms?: number): Promise<unknown>
  /** No timer, and nobody who listens to the window. */
  nothingLeft(): Promise<void>
}

const ends: (() => void)[] = []
/** Is called when the case has ended. */
export const atEnd = (stop: () => void): unknown => ends.push(stop)

/** A suite on a pod, a clock and a window of each case, of which nothing is left when its listeners have gone. */
export function storeSuite(name: string, ...alsoFake: FakeMethod[]): Test<Stage> {
  const { timeOrigin } = performance
  const test = suite<Stage>(name)
  test.before.each((stage) => {
    const clock = fakeClock(...alsoFake)
    const view = fakeWindow()
    const pod = fakePod()
    const settle = () => clock.tickAsync(0)
    Object.assign(stage, {
      ...{ clock, view, pod, settle },
      async begin(...args) {
        const store = watched(pod.client, ...args)
        await store.start('w', {})
        await settle()
        return store
      },
      async submit(...args) {
        const store = watched(pod.client, ...args)
        const answer = pod.hold()
        const started = store.start('w', {})
        await settle()
        return Object.assign(store, { answer, started })
      },
      turn(status, ms = 1000) {
        pod.last.status = status
        return clock.tickAsync(ms)
      },
      async nothingLeft() {
        await settle()
        assert.equal([clock.countTimers(), view.listening.size], [0, 0], 'nothing is left')
      },
    } satisfies Stage)
    loadPage(Date.now() - 1)
  })
  test.after.each(async ({ clock, nothingLeft }) => {
    try {
      for (const stop of ends.splice(0)) stop()
      await nothingLeft()
    } finally {
      loadPage(timeOrigin)
      restoreGlobals()
      clock.uninstall()
    }
  })
  return test
}

type StoreArgs = [storage?: RunStorage | null, options?: Parameters<typeof createRunStore>[1]]

/** A store that polls each second, with a listener that keeps each snapshot. */
export function watched(client: Client, ...[storage = null, options]: StoreArgs) {
  const store = createRunStore(client, { storage, pollIntervalMs: 1000, ...options })
  const seen: RunSnapshot[] = []
  const stop = store.subscribe(() => seen.push(store.getSnapshot()))
  atEnd(stop)
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
