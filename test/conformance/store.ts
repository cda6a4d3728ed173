import { equal, ok } from './assert.ts'
import { type Case, type Context, one } from './types.ts'

const fast = { pollIntervalMs: 10 }

/** As a page has them. */
function memory() {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

type Store = ReturnType<Context['lib']['createRunStore']>

/** The states of a store until one fits `end`. */
function statesUntil(store: Store, end: RegExp): Promise<string[]> {
  return new Promise((resolve) => {
    const states: string[] = []
    const stop = store.subscribe(() => {
      const { status } = store.getSnapshot()
      if (status !== states.at(-1)) states.push(status)
      if (!end.test(status)) return
      // Whoever subscribes is called before it has the function.
      Promise.resolve().then(() => stop())
      resolve(states)
    })
  })
}

/** The state of one run for a page. */
export const storeCases: Case[] = [
  one(
    'createRunStore',
    'from the click to the outputs, and again after a reload',
    async ({ lib, client }) => {
      const storage = memory()
      const store = lib.createRunStore(client, { storage, ...fast })
      equal(store.getSnapshot(), { status: 'idle' }, 'at first')
      const ended = statesUntil(store, /completed|failed|lost/)
      const [one, two] = await Promise.all([
        store.start('quick', { text: 'dawn' }),
        store.start('quick', { text: 'dawn' }),
      ])
      equal(one.runId, two.runId, 'two clicks, one run')
      const states = await ended
      equal([states[0], states.at(-1)], ['submitting', 'completed'], 'states')
      ok(![...storage.items.values()].join().includes('dawn'), 'no inputs are saved')
      const later = lib.createRunStore(client, { storage, ...fast })
      await statesUntil(later, /completed|failed|lost/)
      const now = later.getSnapshot()
      equal([now.status, now.runId], ['completed', one.runId], 'after the reload')
      ok(now.status === 'completed' && now.outputs[0]?.download_url?.startsWith('http'), 'download_url')
      store.close()
      later.close()
    },
  ),
  one('createRunStore', 'by its own storage, and by none: the run ends', async ({ client, lib }) => {
    // A page has one storage for all that runs in it.
    const key = `conformance-${Math.random()}`
    for (const storage of [undefined, null]) {
      const store = lib.createRunStore(client, { storage, key, ...fast })
      store.reset()
      const ended = statesUntil(store, /completed|failed|lost/)
      await store.start('quick', { text: 'dawn' })
      equal((await ended).at(-1), 'completed', 'state')
      store.reset()
      store.close()
    }
  }),
  one('createRunStore', 'cancels', { dialects: ['readme', 'python'] }, async ({ client, lib }) => {
    const store = lib.createRunStore(client, { storage: null, ...fast })
    const ended = statesUntil(store, /cancelled|completed|failed|lost/)
    await store.start('slow', {})
    await store.cancel()
    equal((await ended).at(-1), 'cancelled', 'state')
    store.close()
  }),
  one('runOptions', 'a run, polled until it has ended', async ({ lib, client }) => {
    const { data } = await lib.executeWorkflow(client, 'quick', { text: 'dawn' })
    await lib.waitForRun(client, data.run_id, fast)
    const { queryKey, queryFn, refetchInterval } = lib.runOptions(client, data.run_id)
    const run = await queryFn({ signal: new AbortController().signal })
    equal([queryKey.at(-1), run.status], [data.run_id, 'completed'], 'run')
    equal([refetchInterval({ state: { data: run } }), refetchInterval({ state: {} })], [false, 1000], 'polls')
  }),
]
