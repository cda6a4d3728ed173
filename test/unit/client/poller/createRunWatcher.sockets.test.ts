// Waits that share their requests, over real HTTP.
import { getEventListeners } from 'node:events'
import {
  ArgumentError,
  createClient,
  executeWorkflow,
  HttpError,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import { createRunWatcher, executeMany, type ManyResult, waitForResult } from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator, type Dialect, type EmulatorOptions } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, rejects, suite, throws } from '#test'
import { createLab } from '../../../conformance/createLab.ts'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { pluck } from '../../../support/pluck.ts'
import { until } from '../../../support/until.ts'
import { gates } from '../../emulator/kit.ts'

const test = suite('many runs')
test.after.each(closeAll)

const quick = {
  id: 'quick',
  name: 'Quick',
  description: 'One text',
  inputs: { text: 'string' },
  outputs: { echo: 'file' },
  async run({ text }, { sleep }) {
    await sleep(Number(text) || 1000)
    if (text === 'bad') throw new Error('out of paint')
    return { echo: { data: new TextEncoder().encode(String(text)), type: 'text/plain' } }
  },
} as NonNullable<EmulatorOptions['workflows']>[number]

interface Setup {
  client: ReturnType<typeof createClient>
  emulator: ReturnType<typeof createEmulator>
  /** How often each was asked for: `execute`, `list`, `run`, `output`. */
  counts: Record<string, number>
}

async function withPod(options: EmulatorOptions, use: (setup: Setup) => Promise<void>): Promise<void> {
  const emulator = createEmulator({
    apiKey: CANARY,
    speed: 20,
    containers: 20,
    workflows: [quick],
    ...options,
  })
  const server = await serve(emulator)
  const counts: Record<string, number> = { execute: 0, list: 0, run: 0, output: 0 }
  const fetch = (href: string, init: RequestInit) => {
    const path = new URL(href).pathname.slice('/api/v1/'.length)
    const what =
      init.method === 'POST'
        ? 'execute'
        : path === 'runs'
          ? 'list'
          : path === 'runs/output'
            ? 'output'
            : 'run'
    counts[what]!++
    return globalThis.fetch(href, init)
  }
  const client = createClient({ baseUrl: server.url, apiKey: CANARY, fetch })
  try {
    await use({ client, emulator, counts })
  } finally {
    await server.close()
    emulator.close()
  }
}

const submit = async (client: Setup['client'], text: string, groupId = 'g') =>
  (await executeWorkflow(client, 'quick', { text }, { groupId })).data.run_id
const fast = { pollIntervalMs: 20, maxRequestsPerSecond: 1000 }

for (const dialect of ['readme', 'openapi', 'python'] as Dialect[]) {
  test(`two hundred runs cost a few lists (${dialect})`, () =>
    withPod({ dialect }, async ({ client, emulator, counts }) => {
      const inputs = Array.from({ length: 200 }, (_, index) => ({ text: `text ${index}` }))
      const ended: number[] = []
      const results = await executeMany(client, 'quick', inputs, {
        ...fast,
        groupId: 'g',
        concurrency: 10,
        onResult: ({ index }) => ended.push(index),
      })
      assert.is(emulator.stats.runsStarted, 200)
      assert.is(counts.execute, 200)
      assert.is(ended.length, 200)
      results.forEach((result, index) => {
        assert.is(result.index, index)
        assert.is(result.status, 'fulfilled')
      })
      const first = results[7] as ManyResult & { status: 'fulfilled' }
      const text = await (await fetch(first.value.outputs[0]!.download_url!)).text()
      assert.is(text, 'text 7', 'in order')
      const polls = counts.list! + counts.run! + counts.output!
      console.log(`[show] 200 runs, ${dialect}: ${counts.execute} executes, ${polls} other requests`)
      assert.ok(polls <= 50, `${polls} polls`)
    }))
}

test('a run that the list misses, and a server without a list, are asked for by themselves', () =>
  withPod({ dialect: 'openapi' }, async ({ client, counts }) => {
    const ids = await Promise.all(['a', 'b', 'c', 'd'].map((text) => submit(client, text)))
    // No group: this dialect refuses the list.
    const settled = await createRunWatcher(client, fast).waitAll(ids)
    assert.ok(settled.every(({ status }) => status === 'fulfilled'))
    assert.is(counts.list, 1, 'asked once')
    const others = createRunWatcher(client, { ...fast, groupId: 'another' })
    assert.ok((await others.waitAll(ids)).every(({ status }) => status === 'fulfilled'))
  }))

test('failures stay with their runs; the iteration tells of every end', () =>
  withPod({}, async ({ client }) => {
    const ids = await Promise.all(['a', 'bad', 'c', 'd'].map((text) => submit(client, text)))
    const watcher = createRunWatcher(client, { ...fast, groupId: 'g' })
    const waits = watcher.waitAll([...ids, 'unknown-run'])
    const seen: string[] = []
    for await (const run of watcher) seen.push(`${run._id} ${run.status}`)
    const settled = await waits
    assert.equal(pluck(settled, 'status'), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected'])
    const { reason } = settled[1] as PromiseRejectedResult
    assert.instance(reason, RunError)
    assert.is(reason.runId, ids[1])
    assert.match(reason.message, 'out of paint')
    const { reason: unknown } = settled[4] as PromiseRejectedResult
    assert.instance(unknown, HttpError)
    assert.is(unknown.runId, 'unknown-run')
    assert.equal(seen.sort(), ids.map((id, index) => `${id} ${index === 1 ? 'failed' : 'completed'}`).sort())
  }))

test('an abort gives its reason and leaves no listener; a deadline can be resumed; close ends all', () => {
  const gate = gates()
  return withPod({ containers: 40, workflows: [quick, gate.workflow] }, async ({ client }) => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const { data } = await executeWorkflow(client, 'gate', { label: `${index}` }, { groupId: 'g' })
        return data.run_id
      }),
    )
    const watcher = createRunWatcher(client, { ...fast, groupId: 'g' })
    const controller = new AbortController()
    const { signal } = controller
    const aborted = watcher.waitAll(ids.slice(0, 20), { signal })
    const late = watcher.wait(ids[20]!, { timeoutMs: 100 }).catch((error) => error)
    const reason = new Error('mine')
    const error = await late
    assert.instance(error, TimeoutError)
    assert.is(error.runId, ids[20])
    controller.abort(reason)
    for (const result of await aborted) assert.is((result as PromiseRejectedResult).reason, reason)
    assert.is(getEventListeners(signal, 'abort').length, 0)
    const resumed = error.resume({ timeoutMs: 60_000 })
    await until(() => gate.begun.includes('20'))
    gate.release('20')
    assert.is((await resumed).status, 'completed')
    const open = watcher.wait(await submit(client, '1e9')).catch((error) => error)
    watcher.close()
    assert.is((await open).name, 'AbortError')
  })
})

test('a refused key ends every wait, each with its run', async () => {
  const lab = closeLater(createLab(CANARY))
  const { url } = await lab.script([{ status: 403, body: '{"detail":"Invalid API key"}' }])
  const watcher = createRunWatcher(createClient({ baseUrl: url, apiKey: CANARY }), fast)
  const settled = await watcher.waitAll(['a', 'b', 'c', 'd'])
  settled.forEach((result, index) => {
    const { reason } = result as PromiseRejectedResult
    assert.equal([reason.status, reason.runId], [403, 'abcd'[index]])
    assertNoCanary(reason, 'the error')
  })
})

test('with push the list is read when the server tells', () =>
  withPod({ speed: 5 }, async ({ client, counts }) => {
    const connection = connectWebSocket(client, { WebSocket: (await import('ws')).WebSocket })
    await connection.opened
    // Longer than a wait: nothing is seen by polling.
    const watcher = createRunWatcher(client, { groupId: 'g', pollIntervalMs: 400_000, push: connection })
    const ids = await Promise.all(Array.from({ length: 40 }, () => submit(client, 'a')))
    const settled = await watcher.waitAll(ids)
    assert.ok(settled.every(({ status }) => status === 'fulfilled'))
    // One for each end at most, where they come one by one, and a few at first.
    assert.ok(counts.list! + counts.run! <= 45, JSON.stringify(counts))
    connection.close()
  }))

test('executeMany: a callback that throws, and an abort, lose no run', () =>
  withPod({}, async ({ client, emulator }) => {
    const inputs = Array.from({ length: 10 }, () => ({ text: 'a' }))
    const submitted = new Map<number, string>()
    const mine = new Error('the disk is full')
    const full = () => {
      throw mine
    }
    const error = await executeMany(client, 'quick', inputs, {
      ...fast,
      concurrency: 1,
      submitted,
      onSubmitted: full,
    }).catch((error) => error)
    assert.is(error, mine)
    assert.is(emulator.stats.runsStarted, 1, 'no more is paid for')
    assert.is(submitted.size, 1)

    const controller = new AbortController()
    const reason = { mine: true }
    const results = await executeMany(client, 'quick', inputs, {
      ...fast,
      concurrency: 2,
      submitted,
      signal: controller.signal,
      onSubmitted: () => controller.abort(reason),
    })
    const started = emulator.stats.runsStarted
    assert.is(submitted.size, started)
    // The first had ended before.
    for (const result of results.slice(1)) assert.is((result as any).reason, reason)
    assert.is(getEventListeners(controller.signal, 'abort').length, 0)
    const rest = await executeMany(client, 'quick', inputs, { ...fast, submitted })
    assert.ok(rest.every(({ status }) => status === 'fulfilled'))
    assert.is(emulator.stats.runsStarted, 10)
    assert.is((await waitForResult(client, submitted.get(0)!)).status, 'success')
  }))

test('many waits and submissions put one listener on the caller’s signal, and warn of none', () =>
  withPod({}, async ({ client }) => {
    const warnings: unknown[] = []
    const onWarning = (warning: Error) => warnings.push(warning.message)
    process.on('warning', onWarning)
    const controller = new AbortController()
    const { signal } = controller
    let most = 0
    const look = () => {
      most = Math.max(most, getEventListeners(signal, 'abort').length)
    }
    const watcher = createRunWatcher(client, { groupId: 'g' })
    const waits: Promise<unknown>[] = []
    const wait = (runId: string) =>
      waits.push(watcher.wait(runId, { signal, onUpdate: look }).catch((error) => error))
    const done = executeMany(
      client,
      'quick',
      Array.from({ length: 300 }, () => ({ text: '1e9' })),
      {
        groupId: 'g',
        concurrency: 25,
        signal,
        onSubmitted(index, runId) {
          look()
          wait(runId)
          // The rest is in the middle of it.
          if (index === 270) setTimeout(() => controller.abort(reason), 20)
        },
        onResult: look,
      },
    )
    const reason = Object.freeze({ mine: true })
    for (const result of await done) assert.is((result as any).reason, reason)
    for (const error of await Promise.all(waits)) assert.is(error, reason)
    assert.ok(waits.length > 250)
    // Two, since both were given it.
    assert.is(most, 2)
    assert.is(getEventListeners(signal, 'abort').length, 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    process.off('warning', onWarning)
    assert.equal(warnings, [])
  }))

test('wrong options name themselves', async () => {
  const client = createClient({ baseUrl: 'http://pod.test' })
  const both = [
    { groupId: '' },
    { pollIntervalMs: 0 },
    { maxRequestsPerSecond: 0 },
    { push: {} },
    { nope: 1 },
  ]
  for (const options of both as any[]) throws(() => createRunWatcher(client, options), ArgumentError)
  for (const options of [
    ...both,
    { concurrency: 0 },
    { submitted: new Map([[0, '']]) },
    { submitted: {} },
  ] as any[])
    await rejects(executeMany(client, 'w', [], options), ArgumentError)
  await rejects(executeMany(client, 'w', {} as any), ArgumentError)
  await rejects(createRunWatcher(client).waitAll('a' as any), ArgumentError)
  // Those of the watcher hold; they had no effect.
  for (const options of [{ pollIntervalMs: 10 }, { push: undefined }, { nope: 1 }] as any[])
    await rejects(createRunWatcher(client).wait('a', { maxPolls: 1, ...options }), ArgumentError)
  await rejects(executeMany(client, '', []), ArgumentError)
  assert.equal(await executeMany(client, 'w', []), [])
})
