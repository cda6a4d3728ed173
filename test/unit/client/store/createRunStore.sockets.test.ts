// The store against real servers: the emulator in its dialects, with faults, and the proxy that sets the groups.
import { createClient } from '@flowscale/client'
import { createRunStore, type RunSnapshot, type RunStorage } from '@flowscale/client/store'
import { defineWorkflow } from '@flowscale/client/typed'
import { createEmulator, type Dialect, type FaultKind, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { serveProxy } from '../../../support/proxied.ts'
import { until } from '../../../support/until.ts'
import { memoryStorage } from './kit.ts'

const test = suite('store on servers')
test.after.each(closeAll)

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

async function startPod(dialect: Dialect) {
  let next: FaultKind | undefined
  const plan = ({ operation }: { operation: string }) => {
    if (operation !== 'executeWorkflow') return undefined
    const kind = next
    next = undefined
    return kind
  }
  const emulator = closeLater(
    createEmulator({ apiKey: CANARY, speed: 1000, dialect, workflows: [workflow], faults: { plan } }),
  )
  const { url } = closeLater(await serve(emulator))
  /** The next execute meets it. */
  const meet = (kind: FaultKind) => {
    next = kind
  }
  return { url, emulator, meet }
}

const input = { text_51536: 'a red fox' }
const clientOf = (baseUrl: string, apiKey?: string) => createClient({ baseUrl, apiKey, retryDelayMs: 1 })
/** A store with a listener. */
function openStore(url: string, storage: RunStorage, apiKey?: string) {
  const options = { storage, pollIntervalMs: 10 }
  const store = closeLater(createRunStore<typeof words>(clientOf(url, apiKey), options))
  store.subscribe(() => {})
  return store
}
const isOver = ({ status }: { status: string }) => /completed|failed|cancelled|lost/.test(status)

for (const dialect of ['readme', 'openapi', 'python'] as Dialect[]) {
  for (const kind of ['reset-late', 'http-503-late', 'http-504', 'html'] as FaultKind[]) {
    test(`a run whose submission was not answered is found in its group (${kind}, ${dialect})`, async () => {
      const { url, emulator, meet } = await startPod(dialect)
      meet(kind)
      const store = openStore(url, memoryStorage(), CANARY)
      await store.start(words, input)
      const { status } = await until(store.getSnapshot, isOver)
      assert.equal([status, emulator.stats.runsStarted], ['completed', 1])
    })
  }
}

test('behind a proxy that sets the groups', async () => {
  const { url, emulator, meet } = await startPod('readme')
  const authorize = () => ({ groupId: 'user-ada' })
  const proxy = closeLater(await serveProxy(clientOf(url, CANARY), { basePath: '/api', authorize }))
  const storage = memoryStorage()
  const store = openStore(`${proxy.url}/api`, storage)
  await store.start(words, input)
  assert.is((await until(store.getSnapshot, isOver)).status, 'completed')
  meet('http-503-late')
  await store.start(words, input)
  const lost = await until(store.getSnapshot, isOver)
  const { status, groupId, runId } = lost as Extract<RunSnapshot, { status: 'lost' }>
  assert.equal([status, groupId, runId], ['lost', storage.saved.groupId, undefined])
  assert.equal([emulator.stats.runsStarted, emulator.ledger.runs[1]!.groupId], [2, 'user-ada'])
})

test('behind a proxy whose key the pod refuses, a run has failed, and the developer reads why', async () => {
  const { url, emulator } = await startPod('readme')
  const pod = clientOf(url, 'not the key')
  const proxy = closeLater(await serveProxy(pod, { authorize: () => ({ groupId: 'user-ada' }) }))
  const end = await openStore(proxy.url, memoryStorage()).start(words, input)
  assert.is(end.status, 'failed')
  assert.match(String((end as { error: unknown }).error), /answered 424: The pod refused the apiKey/)
  assert.is(emulator.stats.runsStarted, 0)
})
