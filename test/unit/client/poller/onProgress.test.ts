// How far a run is: by polls and by push, for every wait on a run.
import type { PushConnection, RunProgress, RunUpdate } from '@flowscale/client'
import { executeMany, executeWorkflowAsync, type watchRun } from '@flowscale/client/poller'
import { assert } from '#test'
import { pod, RUN, run, submitted, waitSuite } from './kit.ts'
import { waits } from './waits.ts'

const test = waitSuite('onProgress')
const outputs = [{ filename: 'a.png', url: 'http://files.test/a.png' }]
const states = [
  run('queued', { position: 2 }),
  run('queued', { position: 1 }),
  run('running', { progress: 0.2 }),
  run('running', { progress: 0.2 }),
  run('running', { progress: 0.6 }),
  run('running', { progress: 0.6, node: 'KSampler' }),
  run('running', { progress: 0.6, node: 7 }),
  // Another worker counts from the beginning.
  run('running', { progress: 0.1 }),
  run('completed', { outputs }),
]
const shown: RunProgress[] = [
  { status: 'queued', position: 2 },
  { status: 'queued', position: 1 },
  { status: 'running', progress: 0.2 },
  { status: 'running', progress: 0.6 },
  { status: 'running', progress: 0.6, node: 'KSampler' },
  { status: 'running', progress: 0.6 },
  { status: 'completed', progress: 1 },
]

for (const [name, wait] of Object.entries({
  ...waits,
  executeWorkflowAsync: (client: Parameters<typeof watchRun>[0], options: object) =>
    executeWorkflowAsync(client, 'w', {}, options),
})) {
  test(`${name}: each change once, and never back`, async ({ drive }) => {
    const seen: RunProgress[] = []
    const { client } = pod({ execute: submitted(), run: states })
    const { error } = await drive<unknown>(
      wait(client, { onProgress: (progress: RunProgress) => seen.push(progress) } as object),
    )
    assert.is(error, undefined)
    assert.equal(seen, shown)
  })
}

test('executeMany: by index', async ({ drive }) => {
  const seen: [number, RunProgress][] = []
  const { client } = pod({ execute: submitted(), run: states })
  const onProgress = (index: number, progress: RunProgress) => seen.push([index, progress])
  const { value } = await drive(executeMany(client, 'w', [{}], { onProgress }))
  assert.is(value[0]?.status, 'fulfilled')
  assert.equal(
    seen,
    shown.map((progress) => [0, progress]),
  )
  const failing = pod({ execute: submitted(), run: states })
  const own = new Error('mine')
  const throws = () => {
    throw own
  }
  const failed = await drive(executeMany(failing.client, 'w', [{}], { onProgress: throws }))
  assert.equal(failed.value, [{ index: 0, runId: RUN, status: 'rejected', reason: own }])
})

test('a server without progress: the states alone; what is no number is left out', async ({ drive }) => {
  const seen: RunProgress[] = []
  const { client } = pod({ run: [run('queued'), run('running', { progress: 'half' }), run('completed')] })
  await drive(waits.waitForRun!(client, { onProgress: (progress) => seen.push(progress) }))
  assert.equal(seen, [{ status: 'queued' }, { status: 'running' }, { status: 'completed', progress: 1 }])
})

/** A connection that the test speaks through. */
function connect() {
  let hear: (update: RunUpdate, isNews: boolean) => void = () => {}
  const push: PushConnection = {
    connected: true,
    watch(_, listener) {
      hear = listener
      return { pauseMs: () => 30_000, stop() {} }
    },
  }
  return { push, tell: (update: RunUpdate, isNews = false) => hear(update, isNews) }
}

test('progress by push is shown at once, without a poll; an end is a reason to poll', async ({
  drive,
  pass,
}) => {
  const { push, tell } = connect()
  const seen: RunProgress[] = []
  const { client, calls } = pod({ run: [run('running'), run('running'), run('completed')] })
  const onProgress = (progress: RunProgress) => seen.push(progress)
  const wait = waits.waitForRun!(client, { push, onProgress })
  await pass(100)
  tell({ progress: 0.5 })
  tell({ progress: 0.5 })
  tell({ progress: 0.4 })
  tell({ progress: 0.4, node: 'KSampler' })
  assert.equal(calls, ['run@0'])
  assert.equal(seen.slice(1), [
    { status: 'running', progress: 0.5 },
    { status: 'running', progress: 0.5, node: 'KSampler' },
  ])
  tell({ status: 'completed', progress: 1 }, true)
  await pass(100)
  assert.equal(calls, ['run@0', 'run@100'])
  assert.is(seen.at(-1)?.status, 'running')
  tell({ status: 'failed' }, true)
  const { value } = await drive(wait)
  assert.equal(value, ['running', 'completed'])
  assert.equal(seen.at(-1), { status: 'completed', progress: 1 })
})

for (const how of ['thrown', 'rejected']) {
  test(`an error that is ${how} when progress comes by push ends the wait`, async ({ pass }) => {
    const own = Object.freeze(new Error('mine'))
    for (const wait of [waits.waitForRun!, waits.waitForResult!, waits.watchRun!]) {
      const { push, tell } = connect()
      const { client, calls } = pod({ run: run('running') })
      const onProgress = ({ progress }: RunProgress) => {
        if (progress === undefined) return undefined
        if (how === 'thrown') throw own
        return Promise.reject(own)
      }
      const failed = wait(client, { push, onProgress, cancelOn: 'both' }).catch((error) => error)
      await pass(100)
      tell({ progress: 0.5 })
      assert.is(await failed, own)
      assert.equal(calls, ['run@0'])
    }
  })
}
