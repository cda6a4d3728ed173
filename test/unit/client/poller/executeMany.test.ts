// `executeMany` with a group for each item: called again, it pays for nothing twice.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createClient, executeWorkflow, isFlowScaleError } from '@flowscale/client'
import { executeMany, executeWorkflowAsync } from '@flowscale/client/poller'
import { createEmulator, type Dialect, type FaultOptions } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, json, ok } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'

const test = suite('many runs, again')
const fast = { pollIntervalMs: 20, maxRequestsPerSecond: 1000 }
const groupId = (index: number) => `item/${index}`
const prompts = (count: number) => Array.from({ length: count }, (_, index) => ({ prompt: `text ${index}` }))

const { setTimeout } = globalThis
// A group counts as empty at once, not after 5 s: these servers list a run as soon as it is there.
test.before.each(() => {
  const soon = (run: () => void, ms = 0, ...args: []) =>
    setTimeout(run, ms > 4000 && ms <= 5000 ? 0 : ms, ...args)
  globalThis.setTimeout = soon as typeof setTimeout
})
test.after.each(() => Object.assign(globalThis, { setTimeout }))

async function withPod(
  faults: FaultOptions,
  use: (url: string, emulator: ReturnType<typeof createEmulator>) => Promise<void>,
  dialect?: Dialect,
): Promise<void> {
  const emulator = createEmulator({ apiKey: CANARY, speed: 100, containers: 20, faults, dialect })
  const server = await serve(emulator)
  try {
    await use(server.url, emulator)
  } finally {
    await server.close()
    emulator.close()
  }
}

test('runs whose answers were lost are found by their groups', async () => {
  const faults: FaultOptions = {
    plan: ({ operation, number }) =>
      operation === 'executeWorkflow' && number % 3 === 0 ? 'reset-late' : undefined,
  }
  await withPod(faults, async (url, emulator) => {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    const told: number[] = []
    const options = { ...fast, groupId, onSubmitted: (index: number) => told.push(index) }
    const first = await executeMany(client, 't3xtwr1ter00', prompts(9), options)
    const lost = first.filter(({ status }) => status === 'rejected')
    assert.is(lost.length, 3)
    for (const result of lost) {
      const { reason } = result as { reason: unknown }
      assert.ok(isFlowScaleError(reason) && reason.maybeSubmitted)
      assert.is(reason.groupId, groupId(result.index))
    }
    const second = await executeMany(client, 't3xtwr1ter00', prompts(9), options)
    assert.ok(second.every(({ status }) => status === 'fulfilled'))
    assert.is(emulator.ledger.runs.length, 9, 'nothing is paid for twice')
    assert.equal(
      second.map(({ runId }) => emulator.ledger.runs.find((run) => run.runId === runId)?.groupId),
      prompts(9).map((_, index) => groupId(index)),
    )
    assert.equal([...new Set(told)].length, 9, 'those that were found are told, too')
  })
})

test('a run that is told to be of another group or workflow is not taken for that of an item', () => {
  const use = async (url: string, emulator: ReturnType<typeof createEmulator>) => {
    // As a server that lists all, whatever the group.
    const fetch = (href: string, init: RequestInit) =>
      globalThis.fetch(href.replace(/\?group_id=[^&]*$/, ''), init)
    const client = createClient({ baseUrl: url, apiKey: CANARY, fetch })
    await executeWorkflow(client, 't3xtwr1ter00', { prompt: 'of others' }, { groupId: 'other' })
    await executeWorkflow(client, 'fa1lsa1ways0', {}, { groupId: groupId(1) })
    const results = await executeMany(client, 't3xtwr1ter00', prompts(2), { ...fast, groupId })
    assert.ok(results.every(({ status }) => status === 'fulfilled'))
    assert.is(emulator.ledger.runs.length, 4)
    const again = await executeMany(client, 't3xtwr1ter00', prompts(2), { ...fast, groupId })
    assert.equal(
      pluck(again, 'runId'),
      results.map(({ runId }) => runId),
    )
    assert.is(emulator.ledger.runs.length, 4)
  }
  return withPod({ chance: 0 }, use, 'python')
})

test('what is in `submitted` is not looked for', () =>
  withPod({ chance: 0 }, async (url, emulator) => {
    const hrefs: string[] = []
    const fetch = (href: string, init: RequestInit) => {
      hrefs.push(`${init.method} ${href.slice(url.length)}`)
      return globalThis.fetch(href, init)
    }
    const client = createClient({ baseUrl: url, apiKey: CANARY, fetch })
    const submitted = new Map<number, string>()
    const options = { ...fast, groupId, submitted }
    await executeMany(client, 't3xtwr1ter00', prompts(2), options)
    assert.is(submitted.size, 2)
    submitted.delete(1)
    hrefs.length = 0
    await executeMany(client, 't3xtwr1ter00', prompts(2), options)
    assert.equal(
      hrefs.filter((href) => href.includes('group_id')),
      ['GET /api/v1/runs?group_id=item%2F1'],
    )
    assert.is(emulator.ledger.runs.length, 2)
  }))

test('an item that could not be looked for is not paid for', async () => {
  const faults: FaultOptions = {
    plan: ({ operation, target }) =>
      operation === 'getRuns' && target.includes('item%2F1') ? 'http-500' : undefined,
  }
  await withPod(faults, async (url, emulator) => {
    const client = createClient({ baseUrl: url, apiKey: CANARY, maxRetries: 0 })
    const results = await executeMany(client, 't3xtwr1ter00', prompts(3), { ...fast, groupId })
    assert.equal(pluck(results, 'status'), ['fulfilled', 'rejected', 'fulfilled'])
    const { reason } = results[1] as { reason: any }
    assert.equal([reason.code, reason.maybeSubmitted], ['ERR_FLOWSCALE_HTTP', undefined])
    assert.is(emulator.ledger.runs.length, 2)
  })
})

test('a group that can’t be named leaves its item alone', () =>
  withPod({ chance: 0 }, async (url, emulator) => {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    const own = new Error('no name')
    const names: any[] = ['item-0', '', undefined]
    const results = await executeMany(client, 't3xtwr1ter00', prompts(4), {
      ...fast,
      groupId(index) {
        if (index === 3) throw own
        return names[index]
      },
    })
    const [, empty, none, thrown] = results as { reason: any }[]
    for (const { reason } of [empty!, none!]) {
      assert.is(reason.code, 'ERR_FLOWSCALE_ARGUMENT')
      assert.match(reason.message, /^groupId must be a string/)
    }
    assert.is(thrown!.reason, own)
    assert.is(emulator.ledger.runs.length, 1)
    const wrong = await executeMany(client, 't3xtwr1ter00', [], { groupId: 1 as any }).catch((error) => error)
    assert.match(wrong.message, /^groupId must be/)
  }))

// The run of the first was found there, and given as the result of the others, too.
test('items of one group are not given the run of each other', async () => {
  await withPod({ chance: 0 }, async (url, emulator) => {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    for (const concurrency of [1, 4]) {
      const name = (index: number) => `${concurrency}-${Math.min(index, 1)}`
      const options = { ...fast, concurrency, groupId: name }
      const results = await executeMany(client, 't3xtwr1ter00', prompts(4), options)
      assert.equal(pluck(results, 'status'), ['fulfilled', 'fulfilled', 'rejected', 'rejected'])
      const { reason } = results[3] as { reason: any }
      assert.is(reason.code, 'ERR_FLOWSCALE_ARGUMENT')
      assert.match(reason.message, /^groupId must be another for each item/)
    }
    assert.is(emulator.ledger.runs.length, 4)
  })
})

// An empty id came into `submitted`, which was then refused.
test('a run that a server lists without an id is neither paid for again nor put into `submitted`', () =>
  withPod({ chance: 0 }, async (url, emulator) => {
    const fetch = async (href: string, init: RequestInit) => {
      const response = await globalThis.fetch(href, init)
      if (!href.includes('?group_id=')) return response
      return new Response((await response.text()).replaceAll('"_id"', '"no_id"'), response)
    }
    const client = createClient({ baseUrl: url, apiKey: CANARY, fetch })
    await executeWorkflow(client, 't3xtwr1ter00', { prompt: 'text' }, { groupId: groupId(0) })
    const submitted = new Map<number, string>()
    const told: string[] = []
    const onSubmitted = (_: number, runId: string) => told.push(runId)
    for (let turn = 0; turn < 2; turn++) {
      const options = { ...fast, groupId, submitted, onSubmitted }
      const [first, second] = await executeMany(client, 't3xtwr1ter00', prompts(2), options)
      assert.match((first as { reason: any }).reason.message, /^_id of the run in its group must be a string/)
      assert.is(second!.status, 'fulfilled')
    }
    assert.equal([...submitted.keys()], [1])
    assert.is(told.length, 1)
    assert.is(emulator.ledger.runs.length, 2)
  }))

test('a process that is killed again and again pays for nothing twice', () =>
  withPod({ chance: 0 }, async (url, emulator) => {
    const count = 40
    const child = (): ChildProcess =>
      fork(fileURLToPath(new URL('./killed.ts', import.meta.url)), [url, CANARY, `${count}`], {
        execArgv: ['--import', 'tsx'],
      })
    for (const runs of [7, 19, 31]) {
      const one = child()
      const ended = once(one, 'exit')
      // In the middle of its submissions, of which some have no answer yet.
      while (emulator.ledger.runs.length < runs) await new Promise((resolve) => setTimeout(resolve, 1))
      one.kill('SIGKILL')
      await ended
    }
    const last = child()
    const ended = once(last, 'exit')
    const [fulfilled] = await once(last, 'message')
    await ended
    assert.is(fulfilled, count)
    const groups = emulator.ledger.runs.map(({ groupId }) => groupId)
    assert.is(new Set(groups).size, count)
    assert.is(groups.length, count, 'nothing is paid for twice')
  }))

test('a run id that has no form in a URL is an error of ours that keeps it', async () => {
  const execute = () => ok({ run_id: '\ud800', output_names: ['a'] })
  const missing = () => json({ detail: 'Run not found' }, { status: 404 })
  const one = await rejects(
    executeWorkflowAsync(
      clientWith(fakeFetch(execute(), missing()), { maxRetries: 0 }),
      'w',
      {},
      { timeoutMs: 1 },
    ),
    Error,
  )
  const [many] = await executeMany(
    clientWith(fakeFetch(execute(), missing()), { maxRetries: 0 }),
    'w',
    [{}],
    { timeoutMs: 1 },
  )
  for (const error of [one, (many as { reason: unknown }).reason]) {
    assert.ok(isFlowScaleError(error), String(error))
    assert.is((error as { runId?: string }).runId, '\ud800')
  }
})
