import { equal, ok, rejection } from './assert.ts'
import { textToImage } from './operations.ts'
import type { Case, Context } from './types.ts'

const client = ({ lib, options }: Context) => lib.createClient(options)
const prompt = { text: 'a red fox in snow' }
const fast = { pollIntervalMs: 10 }

/** The poller. */
export const waitCases: Case[] = [
  {
    operation: 'executeWorkflowAsync',
    name: 'one output: the published shape, with runId',
    async run(context) {
      const told: string[] = []
      const result = await context.lib.executeWorkflowAsync(
        client(context),
        textToImage,
        { text_51536: 'a red fox' },
        {
          ...fast,
          onSubmitted: ({ runId }) => told.push(runId),
          onUpdate: ({ status }) => told.push(status),
        },
      )
      const { status, data, runId, outputs } = result
      ok(!Array.isArray(data) && data.download_url?.startsWith('http'), 'data')
      equal([status, told[0], told.at(-1)], ['success', runId, 'completed'], 'order')
      equal([outputs.length, outputs[0]?.download_url], [1, data.download_url], 'outputs')
    },
  },
  {
    operation: 'executeWorkflowAsync',
    name: 'two outputs: a list',
    async run(context) {
      const inputs = { texts: 'dawn' }
      const { data, outputs } = await context.lib.executeWorkflowAsync(client(context), 'pair', inputs, fast)
      ok(Array.isArray(data) && data.length === 2, 'data')
      equal(data, outputs, 'outputs')
      ok(
        outputs.every(({ filename, download_url }) => filename && download_url),
        'filename and address',
      )
    },
  },
  {
    operation: 'executeWorkflowAsync',
    name: 'a failed run is a RunError with its runId',
    async run(context) {
      const inputs = { message: 'out of paint' }
      const error = await rejection(
        context.lib.executeWorkflowAsync(client(context), 'fa1lsa1ways0', inputs, fast),
      )
      equal([error.code, error.status], ['ERR_FLOWSCALE_RUN', 'failed'], 'error')
      ok(error.runId && error.message.includes('out of paint'), 'runId and reason')
    },
  },
  {
    operation: 'executeWorkflowAsync',
    name: 'a time-out carries runId and resume',
    async run(context) {
      const { lib } = context
      const options = { ...fast, maxPolls: 1 }
      const error = await rejection(lib.executeWorkflowAsync(client(context), 'slow', {}, options))
      ok(error instanceof lib.TimeoutError && error.reason === 'polls', 'TimeoutError')
      const { outputs, runId } = await error.resume!({ maxPolls: 10_000 })
      equal([outputs.length, runId], [1, error.runId], 'resumed')
    },
  },
  {
    operation: 'waitForResult',
    name: 'gives the same for a run id alone',
    async run(context) {
      const { lib } = context
      const first = await lib.executeWorkflowAsync(client(context), 'pair', { texts: 'noon' }, fast)
      const again = await lib.waitForResult(client(context), first.runId, fast)
      const names = (result: typeof first) => result.outputs.map(({ filename }) => filename)
      equal(names(again), names(first), 'names')
      equal(Object.keys(again), Object.keys(first), 'shape')
    },
  },
  {
    operation: 'waitForResult',
    name: 'an unknown run fails at once',
    async run(context) {
      const error = await rejection(context.lib.waitForResult(client(context), 'unknown', fast))
      equal([error.code, error.status, error.runId], ['ERR_FLOWSCALE_HTTP', 404, 'unknown'], 'error')
    },
  },
  {
    operation: 'waitForRun',
    name: 'gives the completed run',
    async run(context) {
      const { lib } = context
      const { data } = await lib.executeWorkflow(client(context), 'quick', prompt)
      const run = await lib.waitForRun(client(context), data.run_id, fast)
      equal([run._id, run.status, run.outputs.length], [data.run_id, 'completed', 1], 'run')
    },
  },
  {
    operation: 'waitForRun',
    name: 'an abort gives its reason back',
    async run(context) {
      const { lib } = context
      const { data } = await lib.executeWorkflow(client(context), 'nev3rend5run', {})
      const control = new AbortController()
      const reason = { mine: true }
      const wait = lib.waitForRun(client(context), data.run_id, {
        ...fast,
        signal: control.signal,
        onUpdate: () => control.abort(reason),
      })
      ok((await rejection(wait)) === reason, 'the same reason')
    },
  },
  {
    operation: 'waitForOutput',
    name: 'gives what getOutput gives',
    async run(context) {
      const { lib } = context
      const { runId } = await lib.executeWorkflowAsync(client(context), 'quick', prompt, fast)
      const { data } = await lib.getRun(client(context), runId)
      const output = await lib.waitForOutput(client(context), data.outputs[0]!.filename!, fast)
      ok(output.data.download_url, 'download_url')
    },
  },
  {
    operation: 'watchRun',
    name: 'yields each state once, the last too',
    async run(context) {
      const { lib } = context
      const { data } = await lib.executeWorkflow(client(context), 'quick', prompt)
      const states: string[] = []
      for await (const { status } of lib.watchRun(client(context), data.run_id, fast)) states.push(status)
      equal(states.at(-1), 'completed', 'last')
      equal(states.length, new Set(states).size, 'each once')
    },
  },
  {
    operation: 'watchRun',
    name: 'a failed run ends it without an error',
    async run(context) {
      const { lib } = context
      const { data } = await lib.executeWorkflow(client(context), 'fa1lsa1ways0', {})
      let last = ''
      for await (const { status } of lib.watchRun(client(context), data.run_id, fast)) last = status
      equal(last, 'failed', 'last')
    },
  },
  {
    operation: 'createRunWatcher',
    name: 'waits for many, and tells of each end',
    async run(context) {
      const { lib } = context
      const submit = (id: string, inputs: Record<string, string>) =>
        lib.executeWorkflow(client(context), id, inputs, { groupId: 'many' })
      const runs = [
        ...(await Promise.all(['a', 'b', 'c', 'd'].map((text) => submit('quick', { text })))),
        await submit('fa1lsa1ways0', {}),
      ].map(({ data }) => data.run_id)
      const watcher = lib.createRunWatcher(client(context), {
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
    },
  },
  {
    operation: 'executeMany',
    name: 'gives results in order, and pays for nothing twice',
    async run(context) {
      const { lib } = context
      const submitted = new Map<number, string>()
      const options = { groupId: 'many', submitted, pollIntervalMs: 10, maxRequestsPerSecond: 1000 }
      const inputs = [{ texts: 'dawn' }, {}, { texts: 'dusk' }]
      const results = await lib.executeMany(client(context), 'pair', inputs, options)
      equal(
        results.map(({ index, status }) => [index, status]),
        [
          [0, 'fulfilled'],
          [1, 'rejected'],
          [2, 'fulfilled'],
        ],
        'results',
      )
      const again = await lib.executeMany(client(context), 'pair', [inputs[0]!], options)
      equal(again[0]?.runId, submitted.get(0), 'the same run')
    },
  },
]
