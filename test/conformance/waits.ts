import { equal, ok, rejection } from './assert.ts'
import { textToImage } from './operations.ts'
import { type Case, one } from './types.ts'

const prompt = { text: 'a red fox in snow' }
const fast = { pollIntervalMs: 10 }

/** The poller. */
export const waitCases: Case[] = [
  one('executeWorkflowAsync', 'one output: the published shape, with runId', async ({ client, lib }) => {
    const told: string[] = []
    const inputs = { text_51536: 'a red fox' }
    const { status, data, runId, outputs } = await lib.executeWorkflowAsync(client, textToImage, inputs, {
      ...fast,
      onSubmitted: ({ runId }) => told.push(runId),
      onUpdate: ({ status }) => told.push(status),
    })
    ok(!Array.isArray(data) && data.download_url?.startsWith('http'), 'data')
    equal([status, told[0], told.at(-1)], ['success', runId, 'completed'], 'order')
    equal([outputs.length, outputs[0]?.download_url], [1, data.download_url], 'outputs')
  }),
  one('executeWorkflowAsync', 'two outputs: a list', async ({ client, lib }) => {
    const inputs = { texts: 'dawn' }
    const { data, outputs } = await lib.executeWorkflowAsync(client, 'pair', inputs, fast)
    ok(Array.isArray(data) && data.length === 2, 'data')
    equal(data, outputs, 'outputs')
    ok(
      outputs.every(({ filename, download_url }) => filename && download_url),
      'filename and address',
    )
  }),
  one('executeWorkflowAsync', 'a failed run is a RunError with its runId', async ({ client, lib }) => {
    const inputs = { message: 'out of paint' }
    const error = await rejection(lib.executeWorkflowAsync(client, 'fa1lsa1ways0', inputs, fast))
    equal([error.code, error.status], ['ERR_FLOWSCALE_RUN', 'failed'], 'error')
    ok(error.runId && error.message.includes('out of paint'), 'runId and reason')
  }),
  one('executeWorkflowAsync', 'a time-out carries runId and resume', async ({ lib, client }) => {
    const options = { ...fast, maxPolls: 1 }
    const error = await rejection(lib.executeWorkflowAsync(client, 'slow', {}, options))
    ok(error instanceof lib.TimeoutError && error.reason === 'polls', 'TimeoutError')
    const { outputs, runId } = await error.resume!({ maxPolls: 10_000 })
    equal([outputs.length, runId], [1, error.runId], 'resumed')
  }),
  one('waitForResult', 'gives the same for a run id alone', async ({ lib, client }) => {
    const first = await lib.executeWorkflowAsync(client, 'pair', { texts: 'noon' }, fast)
    const again = await lib.waitForResult(client, first.runId, fast)
    const names = (result: typeof first) => result.outputs.map(({ filename }) => filename)
    equal(names(again), names(first), 'names')
    equal(Object.keys(again), Object.keys(first), 'shape')
  }),
  one('waitForResult', 'an unknown run fails at once', async ({ client, lib }) => {
    const error = await rejection(lib.waitForResult(client, 'unknown', fast))
    equal([error.code, error.status, error.runId], ['ERR_FLOWSCALE_HTTP', 404, 'unknown'], 'error')
  }),
  one('waitForRun', 'gives the completed run', async ({ lib, client }) => {
    const { data } = await lib.executeWorkflow(client, 'quick', prompt)
    const run = await lib.waitForRun(client, data.run_id, fast)
    equal([run._id, run.status, run.outputs.length], [data.run_id, 'completed', 1], 'run')
  }),
  one('waitForRun', 'an abort gives its reason back', async ({ lib, client }) => {
    const { data } = await lib.executeWorkflow(client, 'nev3rend5run', {})
    const control = new AbortController()
    const reason = { mine: true }
    const wait = lib.waitForRun(client, data.run_id, {
      ...fast,
      signal: control.signal,
      onUpdate: () => control.abort(reason),
    })
    ok((await rejection(wait)) === reason, 'the same reason')
  }),
  one('waitForOutput', 'gives what getOutput gives', async ({ lib, client }) => {
    const { runId } = await lib.executeWorkflowAsync(client, 'quick', prompt, fast)
    const { data } = await lib.getRun(client, runId)
    const output = await lib.waitForOutput(client, data.outputs[0]!.filename!, fast)
    ok(output.data.download_url, 'download_url')
  }),
  one('watchRun', 'yields each state once, the last too', async ({ lib, client }) => {
    const { data } = await lib.executeWorkflow(client, 'quick', prompt)
    const states: string[] = []
    for await (const { status } of lib.watchRun(client, data.run_id, fast)) states.push(status)
    equal(states.at(-1), 'completed', 'last')
    equal(states.length, new Set(states).size, 'each once')
  }),
  one('watchRun', 'a failed run ends it without an error', async ({ lib, client }) => {
    const { data } = await lib.executeWorkflow(client, 'fa1lsa1ways0', {})
    let last = ''
    for await (const { status } of lib.watchRun(client, data.run_id, fast)) last = status
    equal(last, 'failed', 'last')
  }),
  one('createRunWatcher', 'waits for many, and tells of each end', async ({ lib, client }) => {
    const submit = (id: string, inputs: Record<string, string>) =>
      lib.executeWorkflow(client, id, inputs, { groupId: 'many' })
    const runs = [
      ...(await Promise.all(['a', 'b', 'c', 'd'].map((text) => submit('quick', { text })))),
      await submit('fa1lsa1ways0', {}),
    ].map(({ data }) => data.run_id)
    const watcher = lib.createRunWatcher(client, {
      groupId: 'many',
      pollIntervalMs: 10,
      maxRequestsPerSecond: 1000,
    })
    const waits = watcher.waitAll(runs)
    const ended: string[] = []
    for await (const { _id } of watcher) ended.push(_id)
    const settled = (await waits).map(({ status }) => status)
    equal(settled, ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected'], 'settled')
    equal(ended.sort(), runs.sort(), 'ended')
  }),
  one('executeMany', 'gives results in order, and pays for nothing twice', async ({ lib, client }) => {
    const submitted = new Map<number, string>()
    const options = { groupId: 'many', submitted, pollIntervalMs: 10, maxRequestsPerSecond: 1000 }
    const inputs = [{ texts: 'dawn' }, {}, { texts: 'dusk' }]
    const results = await lib.executeMany(client, 'pair', inputs, options)
    equal(
      results.map(({ index, status }) => [index, status]),
      [
        [0, 'fulfilled'],
        [1, 'rejected'],
        [2, 'fulfilled'],
      ],
      'results',
    )
    const again = await lib.executeMany(client, 'pair', [inputs[0]!], options)
    equal([again[0]?.runId, submitted.get(0)], [results[0]?.runId, results[0]?.runId], 'the same run')
  }),
]
