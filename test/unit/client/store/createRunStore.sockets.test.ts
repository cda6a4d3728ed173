// The store against real servers: the emulator in its dialects, with faults, and the proxy that sets the groups.
import { createClient } from '@flowscale/client'
import { createRunStore, type RunSnapshot, type RunStore } from '@flowscale/client/store'
import { defineWorkflow } from '@flowscale/client/typed'
import { createEmulator, type Dialect, type FaultKind, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { serveProxy } from '../../../support/proxied.ts'
import { until } from '../../../support/until.ts'
import { memoryStorage } from './kit.ts'

const test = suite('store on servers')

const words = defineWorkflow<{ text_51536: string }, 'image'>('words', ['image'])
const workflow: WorkflowDefinition = {
  id: 'words',
  name: 'Words',
  description: 'For a test',
  inputs: { text_51536: 'string' },
  outputs: { image: 'file' },
  async run({ text_51536 }) {
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
const shows = (store: RunStore<any>, fits: (snapshot: RunSnapshot<any>) => boolean) =>
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
  for (const kind of ['reset-late', 'http-503-late', 'http-504', 'html'] as FaultKind[]) {
    test(`a run whose submission was not answered is found in its group (${kind}, ${dialect})`, () =>
      withPod(dialect, async ({ url, emulator, meet }) => {
        meet(kind)
        const store = createRunStore<typeof words>(clientOf(url), { storage: memoryStorage(), ...fast })
        const end = shows(store, isOver)
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
    await until(() => emulator.stats.runsStarted)
    page.close()
    const store = createRunStore<typeof words>(clientOf(url), {
      storage,
      ...fast,
    })
    assert.is((await shows(store, isOver)).status, 'completed')
    assert.is((await store.start(words, { text_51536: 'a red fox' })).status, 'queued')
    assert.is(emulator.stats.runsStarted, 2)
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
      const end = shows(store, isOver)
      await store.start(words, { text_51536: 'a red fox' })
      assert.is((await end).status, 'completed')
      meet('http-503-late')
      const lost = shows(store, ({ status }) => status === 'lost')
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
