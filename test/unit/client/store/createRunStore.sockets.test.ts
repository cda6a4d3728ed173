// The store against real servers: the emulator in its dialects, with faults, and the proxy that sets the groups.
import { createClient } from '@flowscale/client'
import { createRunStore, type RunSnapshot, type RunStore } from '@flowscale/client/store'
import { defineWorkflow } from '@flowscale/client/typed'
import { createEmulator, type Dialect, type FaultKind, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { serveProxy } from '../../../support/proxied.ts'
import { memoryStorage } from './kit.ts'

const test = suite('store on servers')

const words = defineWorkflow<{ text_51536: string }, 'image'>('words', ['image'])
const workflow: WorkflowDefinition = {
  id: 'words',
  name: 'Words',
  description: 'For a test',
  inputs: { text_51536: 'string' },
  outputs: { image: 'file' },
  async run({ text_51536 }, { sleep, progress }) {
    progress(0.5)
    if (text_51536 === 'for ever') await sleep(1e9)
    return { image: { data: new TextEncoder().encode(String(text_51536)), type: 'text/plain' } }
  },
}

interface Setup {
  url: string
  emulator: ReturnType<typeof createEmulator>
  /** The next execute meets it. */
  meet(kind: FaultKind | undefined): void
}

async function withPod(dialect: Dialect, use: (setup: Setup) => Promise<void>): Promise<void> {
  let next: FaultKind | undefined
  const plan = ({ operation }: { operation: string }) => {
    if (operation !== 'executeWorkflow') return undefined
    const kind = next
    next = undefined
    return kind
  }
  const emulator = createEmulator({
    ...{ apiKey: CANARY, speed: 1000, dialect, workflows: [workflow], faults: { plan } },
  })
  const { url, close } = await serve(emulator)
  try {
    await use({ url, emulator, meet: (kind) => (next = kind) })
  } finally {
    await close()
    emulator.close()
  }
}

const fast = { pollIntervalMs: 10 }
const clientOf = (baseUrl: string) => createClient({ baseUrl, apiKey: CANARY, retryDelayMs: 1 })

/** Resolves with the first snapshot that fits. */
const until = (store: RunStore<any>, fits: (snapshot: RunSnapshot<any>) => boolean) =>
  new Promise<RunSnapshot<any>>((resolve) => {
    const look = () => {
      const now = store.getSnapshot()
      if (fits(now)) resolve(now)
    }
    store.subscribe(look)
    look()
  })
const isOver = ({ status }: { status: string }) => /completed|failed|cancelled|lost/.test(status)

for (const dialect of ['readme', 'openapi', 'python'] as Dialect[]) {
  test(`from the click to named outputs, and again after a reload (${dialect})`, () =>
    withPod(dialect, async ({ url, emulator }) => {
      const storage = memoryStorage()
      const store = createRunStore<typeof words>(clientOf(url), { storage, ...fast })
      const end = until(store, isOver)
      await store.start(words, { text_51536: 'a red fox' })
      const now = await end
      assert.is(now.status, 'completed', String((now as { error?: unknown }).error))
      const again = createRunStore<typeof words>(clientOf(url), { storage, ...fast })
      const later = await until(again, isOver)
      for (const { outputs, runId } of [now, later] as any[]) {
        assert.is(outputs.image.length, 1)
        assert.is(runId, emulator.ledger.runs[0]!.runId)
        assert.is(await (await fetch(outputs.image[0].download_url)).text(), 'a red fox')
      }
      assert.is(emulator.stats.runsStarted, 1)
      assert.is(JSON.stringify([...storage.items]).includes('fox'), false)
      assert.is(JSON.stringify([...storage.items]).includes(CANARY), false)
      store.close()
      again.close()
    }))

  for (const kind of ['reset-late', 'http-503-late', 'http-504', 'html'] as FaultKind[]) {
    test(`a run whose submission was not answered is found in its group (${kind}, ${dialect})`, () =>
      withPod(dialect, async ({ url, emulator, meet }) => {
        meet(kind)
        const store = createRunStore<typeof words>(clientOf(url), { storage: memoryStorage(), ...fast })
        const end = until(store, isOver)
        await store.start(words, { text_51536: 'a red fox' })
        assert.equal([(await end).status, emulator.stats.runsStarted], ['completed', 1])
        store.close()
      }))
  }
}

test('a reload in the middle of the POST: the run is found, another is not started', () =>
  withPod('readme', async ({ url, emulator, meet }) => {
    meet('hang-late')
    const storage = memoryStorage()
    const page = createRunStore<typeof words>(clientOf(url), { storage, ...fast })
    page.start(words, { text_51536: 'a red fox' })
    while (!emulator.stats.runsStarted) await new Promise((resolve) => setTimeout(resolve, 5))
    page.close()
    const store = createRunStore<typeof words>(clientOf(url), {
      storage,
      ...fast,
    })
    assert.is((await until(store, isOver)).status, 'completed')
    assert.is((await store.start(words, { text_51536: 'a red fox' })).status, 'queued')
    assert.is(emulator.stats.runsStarted, 2)
    store.close()
  }))

test('cancel', () =>
  withPod('readme', async ({ url, emulator }) => {
    const store = createRunStore<typeof words>(clientOf(url), { storage: memoryStorage(), ...fast })
    const isRunning = until(store, ({ status }) => status === 'running')
    await store.start(words, { text_51536: 'for ever' })
    const { runId } = await isRunning
    await store.cancel()
    assert.is((await until(store, isOver)).status, 'cancelled')
    assert.is(emulator.stateOf(runId!)?.status, 'cancelled')
    store.close()
  }))

test('behind a proxy that sets the groups', () =>
  withPod('readme', async ({ url, emulator, meet }) => {
    const proxy = await serveProxy(clientOf(url), {
      basePath: '/api',
      authorize: () => ({ groupId: 'user-ada' }),
    })
    try {
      const client = createClient({ baseUrl: `${proxy.url}/api`, retryDelayMs: 1 })
      const storage = memoryStorage()
      const store = createRunStore<typeof words>(client, { storage, ...fast })
      const end = until(store, isOver)
      await store.start(words, { text_51536: 'a red fox' })
      assert.is((await end).status, 'completed')
      meet('http-503-late')
      const lost = until(store, ({ status }) => status === 'lost')
      await store.start(words, { text_51536: 'a red fox' })
      const { groupId, runId } = (await lost) as Extract<RunSnapshot, { status: 'lost' }>
      assert.equal([groupId, runId], [storage.saved.groupId, undefined])
      assert.equal([emulator.stats.runsStarted, emulator.ledger.runs[1]!.groupId], [2, 'user-ada'])
      store.close()
    } finally {
      await proxy.close()
    }
  }))

test('behind a proxy whose key the pod refuses, a run has failed, and the developer reads why', () =>
  withPod('readme', async ({ url, emulator }) => {
    const pod = createClient({ baseUrl: url, apiKey: 'not the key' })
    const proxy = await serveProxy(pod, { authorize: () => ({ groupId: 'user-ada' }) })
    try {
      const store = createRunStore(createClient({ baseUrl: proxy.url, retryDelayMs: 1 }), { storage: null })
      const end = await store.start('words', { text_51536: 'a red fox' })
      assert.is(end.status, 'failed')
      assert.match(String((end as { error: unknown }).error), /answered 424: The pod refused the apiKey/)
      assert.is(emulator.stats.runsStarted, 0)
      store.close()
    } finally {
      await proxy.close()
    }
  }))
