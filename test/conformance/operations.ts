import { equal, ok, rejection } from './assert.ts'
import type { Case, Context } from './types.ts'

export const textToImage = 'bncu0a1kipv'
const client = ({ lib, options }: Context) => lib.createClient(options)
const prompt = { text_51536: 'a lighthouse at dusk' }
const withList = ['readme', 'python'] as const
const withCancel = ['readme', 'python'] as const
const fast = { pollIntervalMs: 10 }

async function completed(context: Context, groupId?: string): Promise<string> {
  const { lib } = context
  const { data } = await lib.executeWorkflow(client(context), 'quick', { text: 'a lighthouse' }, { groupId })
  await lib.waitForRun(client(context), data.run_id, fast)
  return data.run_id
}

/** One endpoint each. */
export const operationCases: Case[] = [
  {
    operation: 'checkHealth',
    name: 'names every container',
    async run(context) {
      const { status, data } = await context.lib.checkHealth(client(context))
      equal(status, 'success', 'status')
      equal(data.length, context.containers, 'containers')
      for (const { container, status } of data) ok(container && status, 'container and status')
    },
  },
  {
    operation: 'checkHealth',
    name: 'a wrong key is an HttpError without the key in it',
    async run({ lib, options }) {
      const apiKey = 'a-wrong-key-of-some-length'
      const error = await rejection(lib.checkHealth(lib.createClient({ ...options, apiKey })))
      ok(error instanceof lib.HttpError && lib.isFlowScaleError(error), 'HttpError')
      equal(error.status, 403, 'status')
      ok(!JSON.stringify([error, error.message, error.stack]).includes(apiKey), 'no key in the error')
    },
  },
  {
    operation: 'getQueue',
    name: 'shows what runs and what waits',
    async run(context) {
      const { lib } = context
      const neverEnds = await lib.executeWorkflow(client(context), 'nev3rend5run', {})
      const { data } = await lib.getQueue(client(context))
      equal(data.length, context.containers, 'containers')
      ok(
        data.every(({ container }) => container),
        'container',
      )
      const ids = data
        .flatMap(({ queue }) => [...queue.queue_running, ...queue.queue_pending])
        .map(([, id]) => id)
      ok(ids.includes(neverEnds.data.run_id), 'the run is in a queue')
    },
  },
  {
    operation: 'getWorkflows',
    name: 'gives a list with ids',
    dialects: withList,
    async run(context) {
      const { data } = await context.lib.getWorkflows(client(context))
      ok(
        data.some(({ id, name }) => id === textToImage && name === 'Text to Image'),
        'text to image',
      )
    },
  },
  {
    operation: 'getWorkflows',
    name: 'is absent: a 404',
    dialects: ['openapi'],
    async run(context) {
      const error = await rejection(context.lib.getWorkflows(client(context)))
      equal([error.code, error.status], ['ERR_FLOWSCALE_HTTP', 404], 'error')
    },
  },
  {
    operation: 'parseWorkflow',
    name: 'reads what the server lists',
    dialects: withList,
    async run(context) {
      const { lib, dialect } = context
      const { data } = await lib.getWorkflows(client(context))
      const { inputs, outputs } = lib.parseWorkflow(data.find(({ id }) => id === textToImage)!)
      equal(inputs.text_51536, 'string', 'input')
      equal(outputs.image_output, dialect === 'python' ? 'unknown' : 'image', 'output')
    },
  },
  {
    operation: 'parseWorkflow',
    name: 'reads the JSON form and the object form',
    dialects: ['openapi'],
    async run({ lib }) {
      const inputs = { a: 'string' }
      equal(
        lib.parseWorkflow({ inputs: JSON.stringify(inputs), outputs: ['b'] }),
        lib.parseWorkflow({ inputs, outputs: { b: 'holograph' } }),
        'both forms',
      )
    },
  },
  {
    operation: 'executeWorkflow',
    name: 'gives one object with run_id',
    async run(context) {
      const { data } = await context.lib.executeWorkflow(client(context), textToImage, { ...prompt, seed: 7 })
      ok(/^[0-9a-f-]{36}$/.test(data.run_id), 'run_id')
      equal(data.output_names.length, context.dialect === 'readme' ? 1 : 0, 'output names')
    },
  },
  {
    operation: 'executeWorkflow',
    name: 'a missing input is a ValidationError that names it',
    async run(context) {
      const { lib } = context
      const error = await rejection(lib.executeWorkflow(client(context), textToImage, {}))
      ok(error instanceof lib.ValidationError, 'ValidationError')
      equal(error.details[0]?.field, 'body.text_51536', 'field')
      ok(!error.maybeSubmitted, 'not submitted')
    },
  },
  {
    operation: 'executeWorkflow',
    name: 'takes an image',
    async run(context) {
      const { lib, png } = context
      const image = lib.toFile(png, 'pixel.png', { type: 'image/png' })
      const inputs = { image_input: image, prompt: 'in oil' }
      const { data } = await lib.executeWorkflow(client(context), 'a9bc45rt2kpm', inputs)
      equal((await lib.waitForRun(client(context), data.run_id, fast)).status, 'completed', 'status')
    },
  },
  {
    needs: ['arrays'],
    operation: 'executeWorkflow',
    name: 'takes an array',
    async run(context) {
      const { lib } = context
      for (const arrays of ['repeat', 'indexed'] as const) {
        const both = { texts: ['dawn', 'dusk'] }
        const { data } = await lib.executeWorkflow(client(context), 'pair', both, { arrays })
        const { outputs } = await lib.waitForRun(client(context), data.run_id, fast)
        const texts = await Promise.all(
          outputs.map(async (output) => (await lib.downloadOutput(client(context), output)).text()),
        )
        equal(texts, ['dawn', 'dusk'], arrays)
      }
    },
  },
  {
    operation: 'getOutput',
    name: 'null while the run is going, an address when it is done',
    async run(context) {
      const { lib } = context
      const runId = await completed(context)
      const { data } = await lib.getRun(client(context), runId)
      const filename = data.outputs[0]!.filename!
      const output = await lib.getOutput(client(context), filename)
      ok(output?.data.download_url?.startsWith('http'), 'download_url')
      equal(output?.data.generation_status, 'success', 'generation_status')
      equal(
        (await lib.getOutput(client(context), filename.replace(/\.\w+$/, '')))?.status,
        'success',
        'no extension',
      )
      const error = await rejection(lib.getOutput(client(context), 'no_such_file.png'))
      equal(error.status, 404, 'unknown name')
    },
  },
  {
    operation: 'cancelRun',
    name: 'cancels a run that is going, and says so of one that ended',
    dialects: withCancel,
    async run(context) {
      const { lib } = context
      const { data } = await lib.executeWorkflow(client(context), 'nev3rend5run', {})
      equal((await lib.cancelRun(client(context), data.run_id)).status, 'success', 'first')
      const error = await rejection(lib.waitForRun(client(context), data.run_id, fast))
      equal([error.code, error.status], ['ERR_FLOWSCALE_RUN', 'cancelled'], 'state')
      equal((await lib.cancelRun(client(context), data.run_id)).status, 'success', 'again')
    },
  },
  {
    operation: 'cancelRun',
    name: 'is absent: a 404',
    dialects: ['openapi'],
    async run(context) {
      equal((await rejection(context.lib.cancelRun(client(context), 'x'))).status, 404, 'status')
    },
  },
  {
    operation: 'getRun',
    name: 'gives _id, status, inputs and outputs',
    async run(context) {
      const runId = await completed(context)
      const { data } = await context.lib.getRun(client(context), runId)
      equal(
        [data._id, data.status, data.inputs.length, data.outputs.length],
        [runId, 'completed', 1, 1],
        'run',
      )
      const error = await rejection(context.lib.getRun(client(context), 'unknown'))
      equal(error.status, 404, 'unknown run')
    },
  },
  {
    operation: 'getRuns',
    name: 'lists the runs of a group',
    async run(context) {
      const runId = await completed(context, 'group one')
      const { data } = await context.lib.getRuns(client(context), { groupId: 'group one' })
      equal(
        [data.group_id, data.count, data.runs.length, data.runs[0]?._id],
        ['group one', 1, 1, runId],
        'list',
      )
    },
  },
  {
    operation: 'getRuns',
    name: 'needs a group: a ValidationError',
    dialects: ['openapi'],
    async run(context) {
      const error = await rejection(context.lib.getRuns(client(context)))
      equal(error.code, 'ERR_FLOWSCALE_VALIDATION', 'code')
    },
  },
  {
    operation: 'iterateRuns',
    name: 'gives each run once, with and without pages',
    async run(context) {
      const { lib } = context
      const started: string[] = []
      for (let index = 0; index < 5; index++) started.push(await completed(context, 'many'))
      const seen: string[] = []
      for await (const run of lib.iterateRuns(client(context), { groupId: 'many', pageSize: 2 }))
        seen.push(run._id)
      equal(seen.sort(), started.sort(), 'runs')
    },
  },
  {
    operation: 'downloadOutput',
    name: 'fetches by run output, by name and by address',
    async run(context) {
      const { lib } = context
      const run = await lib.getRun(client(context), await completed(context))
      const output = run.data.outputs[0]!
      for (const source of [output, output.filename!, output.url!]) {
        const response = await lib.downloadOutput(client(context), source)
        equal(await response.text(), 'a lighthouse', 'text')
      }
    },
  },
  {
    operation: 'downloadOutput',
    name: 'fetches the PNG of text to image',
    async run(context) {
      const { lib } = context
      const { data } = await lib.executeWorkflow(client(context), textToImage, prompt)
      const run = await lib.waitForRun(client(context), data.run_id, fast)
      const response = await lib.downloadOutput(client(context), run.outputs[0]!)
      const bytes = new Uint8Array(await response.arrayBuffer())
      equal([...bytes.slice(0, 4)], [0x89, 0x50, 0x4e, 0x47], 'PNG signature')
    },
  },
  {
    operation: 'downloadOutput',
    name: 'an address with a wrong signature is a 403',
    async run(context) {
      const { lib } = context
      const run = await lib.getRun(client(context), await completed(context))
      const url = run.data.outputs[0]!.url!.replace(/signature=\w+/, 'signature=0')
      const error = await rejection(lib.downloadOutput(client(context), url))
      equal(error.status, 403, 'status')
      ok(!error.url.includes('signature'), 'no query in the error')
    },
  },
  {
    operation: 'toFile',
    name: 'a broken image fails the run, with what the server said',
    async run(context) {
      const { lib } = context
      const inputs = { image_input: lib.toFile(new Uint8Array([1, 2, 3]), 'broken.png'), prompt: 'x' }
      const { data } = await lib.executeWorkflow(client(context), 'a9bc45rt2kpm', inputs)
      const error = await rejection(lib.waitForRun(client(context), data.run_id, fast))
      equal([error.code, error.status, error.runId], ['ERR_FLOWSCALE_RUN', 'failed', data.run_id], 'error')
      ok(error.errors.length > 0, 'a reason')
    },
  },
]
