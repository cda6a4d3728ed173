// Random sequences of clicks, reloads and faults on the emulator, with a clock that the test turns: what must hold in all.
import { createClient } from '@flowscale/client'
import { createRunStore, type RunSnapshot } from '@flowscale/client/store'
import { createEmulator, type FaultKind, type WorkflowDefinition } from '@flowscale/emulator'
import type { Clock } from '@sinonjs/fake-timers'
import { assert } from '#test'
import { createRandom } from '../../../support/random.ts'
import { type fakeWindow, loadPage, memoryStorage, storeSuite } from './kit.ts'

const test = storeSuite('store: random sequences')
const SEQUENCES = 50
const STEPS = 40

/** No time is lost on a painting. */
const words: WorkflowDefinition = {
  id: 'words',
  name: 'Words',
  description: 'For a test',
  inputs: { text_51536: 'string' },
  outputs: { words: 'file' },
  async run({ text_51536 }, { sleep, progress, random }) {
    for (let part = 0; part < 4; part++) {
      progress(part / 4)
      await sleep(random() * 4000)
    }
    if (random() < 0.1) throw new Error('no words')
    return { words: { data: new TextEncoder().encode(String(text_51536)), type: 'text/plain' } }
  },
}

const ends: FaultKind[] = ['refused', 'reset-early', 'reset-late', 'hang-early', 'hang-late']
const kinds: FaultKind[] = [...ends, 'http-502-html', 'http-503-late', 'html']
const over = ['completed', 'failed', 'cancelled']

/** Whether a store may show `next` after `last`. */
function check(last: RunSnapshot, next: RunSnapshot, what: string) {
  assert.ok(Object.isFrozen(next), what)
  assert.ok(last !== next, what)
  if (next.status === 'idle' || next.startedAt !== last.startedAt) return
  assert.not(over.includes(last.status), `${what}: ${last.status}, then ${next.status}`)
  if (last.runId) assert.is(next.runId, last.runId, what)
  if (last.status === 'running' && next.status === 'running' && last.progress !== undefined)
    assert.ok(next.progress! >= last.progress, `${what}: progress goes back`)
}

async function play(seed: number, clock: Clock, view: ReturnType<typeof fakeWindow>) {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let chance = 0.3
  const emulator = createEmulator({
    seed,
    workflows: [words],
    faults: { plan: () => (random() < chance ? pick(kinds) : undefined) },
  })
  const { items } = memoryStorage()
  const posts = new Map<string, number>()
  let clicks = 0
  /** What a listener throws disturbs nobody. */
  const wrong: unknown[] = []

  const open = () => {
    const page = { isGone: false }
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      const group = new URL(url).searchParams.get('group_id')
      if (init.method === 'POST' && group && !page.isGone) posts.set(group, (posts.get(group) ?? 0) + 1)
      const answer = page.isGone ? new Promise<Response>(() => {}) : emulator.fetch(url, init)
      return answer.finally(() => page.isGone && new Promise(() => {}))
    }
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem(key: string, value: string) {
        assert.not(value.includes('a red fox'), 'no inputs')
        if (!page.isGone) items.set(key, value)
      },
      removeItem: (key: string) => void (page.isGone || items.delete(key)),
    }
    const client = createClient({
      ...{ baseUrl: emulator.url, apiKey: emulator.apiKey, fetch },
      ...{ maxRetries: 1, retryDelayMs: 100, timeoutMs: 8000 },
    })
    const store = createRunStore(client, { storage })
    const stops: (() => void)[] = []
    let last = store.getSnapshot()
    const subscribe = () => {
      // What happened while nobody listened may be a jump.
      if (!stops.length) last = { status: 'idle' }
      stops.push(
        store.subscribe(() => {
          const next = store.getSnapshot()
          if (next === last) return
          try {
            check(last, next, `seed ${seed}`)
          } catch (error) {
            wrong.push(error)
          }
          last = next
        }),
      )
    }
    return { page, store, stops, subscribe }
  }
  const tabs = [open(), open()]
  for (const tab of tabs) tab.subscribe()

  for (let step = 0; step < STEPS; step++) {
    const index = Math.floor(random() * tabs.length)
    const tab = tabs[index]!
    const { store } = tab
    const what = random()
    if (what < 0.25) {
      clicks++
      // No two starts in one millisecond.
      await clock.tickAsync(1)
      store.start(pick(['words', 'words', 'words', 'nothing']), { text_51536: 'a red fox' }).catch(() => {})
    } else if (what < 0.35) store.cancel().catch(() => {})
    else if (what < 0.42) store.reset()
    else if (what < 0.52) tab.subscribe()
    else if (what < 0.62) tab.stops.pop()?.()
    else if (what < 0.7) {
      tab.page.isGone = true
      store.close()
      loadPage(Date.now())
      tabs[index] = open()
      tabs[index].subscribe()
    } else await clock.tickAsync(random() * 6000)
    // The other tab hears, in a while.
    if (random() < 0.8) {
      await clock.tickAsync(random() * 5)
      view.say()
    }
  }
  // Then all goes well, and the run of whoever still looks ends.
  chance = 0
  for (const tab of tabs) tab.subscribe()
  view.say()
  const isGoing = () => tabs.some(({ store }) => /submitting|queued|running/.test(store.getSnapshot().status))
  for (let rounds = 0; isGoing() && rounds < 100; rounds++) await clock.tickAsync(10_000)
  for (const { store } of tabs)
    assert.match(store.getSnapshot().status, /^(idle|completed|failed|cancelled|lost)$/)
  for (const { stops } of tabs) for (const stop of stops) stop()
  emulator.close()
  // A page that is gone still looks for a run that it was to cancel, and hears nothing.
  for (let rounds = 0; clock.countTimers() && rounds < 200; rounds++) await clock.tickAsync(60_000)

  if (wrong[0]) throw wrong[0]
  const groups = emulator.ledger.runs.map(({ groupId }) => groupId)
  assert.is(new Set(groups).size, groups.length, `seed ${seed}: a run was started twice`)
  for (const count of posts.values()) assert.is(count, 1, `seed ${seed}: a POST was sent again`)
  assert.ok(posts.size <= clicks)
  return groups.length
}

let runs = 0
for (let seed = 1; seed <= SEQUENCES; seed++) {
  test(`seed ${seed}`, async ({ clock, view }) => {
    runs += await play(seed, clock, view)
  })
}

test('they started runs', () => {
  assert.ok(runs > SEQUENCES, `${runs} runs`)
})
