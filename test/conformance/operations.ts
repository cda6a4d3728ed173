import { equal, ok, rejection } from './assert.ts'
import { type Case, type Context, one } from './types.ts'

export const textToImage = 'bncu0a1kipv'
const prompt = { text_51536: 'a lighthouse at dusk' }
const most = { dialects: ['readme', 'python'] } as const
const openapi = { dialects: ['openapi'] } as const
const fast = { pollIntervalMs: 10 }

async function completed({ lib, client }: Context, groupId?: string): Promise<string> {
  const { data } = await lib.executeWorkflow(client, 'quick', { text: 'a lighthouse' }, { groupId })
  await lib.waitForRun(client, data.run_id, fast)
  return data.run_id
}

/** One endpoint each. */
export const operationCases: Case[] = [
  one('checkHealth', 'names every container', async ({ client, lib, containers }) => {
    const { status, data } = await lib.checkHealth(client)
    equal(status, 'success', 'status')
    equal(data.length, containers, 'containers')
    for (const { container, status } of data) ok(container && status, 'container and status')
  }),
  one('checkHealth', 'a wrong key is an HttpError without the key in it', async ({ lib, options }) => {
    const apiKey = 'a-wrong-key-of-some-length'
    const error = await rejection(lib.checkHealth(lib.createClient({ ...options, apiKey })))
    ok(error instanceof lib.HttpError && lib.isFlowScaleError(error), 'HttpError')
    equal(error.status, 403, 'status')
    ok(!JSON.stringify([error, error.message, error.stack]).includes(apiKey), 'no key in the error')
  }),
  one('getQueue', 'shows what runs and what waits', async ({ lib, client, containers }) => {
    const neverEnds = await lib.executeWorkflow(client, 'nev3rend5run', {})
    const { data } = await lib.getQueue(client)
    equal(data.length, containers, 'containers')
    ok(
      data.every(({ container }) => container),
      'container',
    )
    const ids = data
      .flatMap(({ queue }) => [...queue.queue_running, ...queue.queue_pending])
      .map(([, id]) => id)
    ok(ids.includes(neverEnds.data.run_id), 'the run is in a queue')
  }),
  one('getWorkflows', 'gives a list with ids', most, async ({ client, lib }) => {
    const { data } = await lib.getWorkflows(client)
    ok(
      data.some(({ id, name }) => id === textToImage && name === 'Text to Image'),
      'text to image',
    )
  }),
  one('getWorkflows', 'is absent: a 404', openapi, async ({ client, lib }) => {
    const error = await rejection(lib.getWorkflows(client))
    equal([error.code, error.status], ['ERR_FLOWSCALE_HTTP', 404], 'error')
  }),
  one('parseWorkflow', 'reads what the server lists', most, async ({ lib, dialect, client }) => {
    const { data } = await lib.getWorkflows(client)
    const { inputs, outputs } = lib.parseWorkflow(data.find(({ id }) => id === textToImage)!)
    equal(inputs.text_51536, 'string', 'input')
    equal(outputs.image_output, dialect === 'python' ? 'unknown' : 'image', 'output')
  }),
  one('parseWorkflow', 'reads the JSON form and the object form', openapi, async ({ lib }) => {
    const inputs = { a: 'string' }
    equal(
      lib.parseWorkflow({ inputs: JSON.stringify(inputs), outputs: ['b'] }),
      lib.parseWorkflow({ inputs, outputs: { b: 'holograph' } }),
      'both forms',
    )
  }),
  one('executeWorkflow', 'gives one object with run_id', async ({ client, lib, dialect }) => {
    const { data } = await lib.executeWorkflow(client, textToImage, { ...prompt, seed: 7 })
    ok(/^[0-9a-f-]{36}$/.test(data.run_id), 'run_id')
    equal(data.output_names.length, dialect === 'readme' ? 1 : 0, 'output names')
  }),
  one('executeWorkflow', 'a missing input is a ValidationError that names it', async ({ lib, client }) => {
    const error = await rejection(lib.executeWorkflow(client, textToImage, {}))
    ok(error instanceof lib.ValidationError, 'ValidationError')
    equal(error.details[0]?.field, 'body.text_51536', 'field')
    ok(!error.maybeSubmitted, 'not submitted')
  }),
  one('executeWorkflow', 'one run for an Idempotency-Key', { needs: ['keys'] }, async (context) => {
    const { lib, png, options } = context
    const headers = { 'Idempotency-Key': 'a-key' }
    const client = lib.createClient({ ...options, headers })
    const submit = (prompt: string) =>
      lib.executeWorkflow(client, 'a9bc45rt2kpm', { image_input: lib.toFile(png, 'pixel.png'), prompt })
    const [first, second] = await Promise.all([submit('in oil'), submit('in oil')])
    equal(second.data, first.data, 'answers')
    equal(Object(await rejection(submit('in ink'))).status, 422, 'other inputs')
  }),
  one('executeWorkflow', 'takes an image', async ({ lib, png, client }) => {
    const image = lib.toFile(png, 'pixel.png', { type: 'image/png' })
    const inputs = { image_input: image, prompt: 'in oil' }
    const { data } = await lib.executeWorkflow(client, 'a9bc45rt2kpm', inputs)
    equal((await lib.waitForRun(client, data.run_id, fast)).status, 'completed', 'status')
  }),
  one('executeWorkflow', 'takes an array', { needs: ['arrays'] }, async ({ lib, client }) => {
    for (const arrays of ['repeat', 'indexed'] as const) {
      const both = { texts: ['dawn', 'dusk'] }
      const { data } = await lib.executeWorkflow(client, 'pair', both, { arrays })
      const { outputs } = await lib.waitForRun(client, data.run_id, fast)
      const texts = await Promise.all(
        outputs.map(async (output) => (await lib.downloadOutput(client, output)).text()),
      )
      equal(texts, ['dawn', 'dusk'], arrays)
    }
  }),
  one('getOutput', 'null while the run is going, an address when it is done', async (context) => {
    const { lib, client } = context
    const runId = await completed(context)
    const { data } = await lib.getRun(client, runId)
    const filename = data.outputs[0]!.filename!
    const output = await lib.getOutput(client, filename)
    ok(output?.data.download_url?.startsWith('http'), 'download_url')
    equal(output?.data.generation_status, 'success', 'generation_status')
    equal((await lib.getOutput(client, filename.replace(/\.\w+$/, '')))?.status, 'success', 'no extension')
    const error = await rejection(lib.getOutput(client, 'no_such_file.png'))
    equal(error.status, 404, 'unknown name')
  }),
  one(
    'cancelRun',
    'cancels a run that is going, and says so of one that ended',
    most,
    async ({ lib, client }) => {
      const { data } = await lib.executeWorkflow(client, 'nev3rend5run', {})
      equal((await lib.cancelRun(client, data.run_id)).status, 'success', 'first')
      const error = await rejection(lib.waitForRun(client, data.run_id, fast))
      equal([error.code, error.status], ['ERR_FLOWSCALE_RUN', 'cancelled'], 'state')
      equal((await lib.cancelRun(client, data.run_id)).status, 'success', 'again')
    },
  ),
  one('cancelRun', 'is absent: a 404', openapi, async ({ client, lib }) => {
    equal((await rejection(lib.cancelRun(client, 'x'))).status, 404, 'status')
  }),
  one('getRun', 'gives _id, workflow, status, inputs and outputs', async (context) => {
    const { lib, client } = context
    const runId = await completed(context)
    const { data } = await lib.getRun(client, runId)
    equal([data._id, data.workflow_id, data.status], [runId, 'quick', 'completed'], 'run')
    equal([data.inputs.length, data.outputs.length], [1, 1], 'inputs and outputs')
    const error = await rejection(lib.getRun(client, 'unknown'))
    equal(error.status, 404, 'unknown run')
  }),
  one('getRuns', 'lists the runs of a group', async (context) => {
    const { lib, client } = context
    const runId = await completed(context, 'group/one & 2')
    const { data } = await lib.getRuns(client, { groupId: 'group/one & 2' })
    equal(
      [data.group_id, data.count, data.runs.length, data.runs[0]?._id, data.runs[0]?.workflow_id],
      ['group/one & 2', 1, 1, runId, 'quick'],
      'list',
    )
  }),
  one('getRuns', 'needs a group: a ValidationError', openapi, async ({ client, lib }) => {
    const error = await rejection(lib.getRuns(client))
    equal(error.code, 'ERR_FLOWSCALE_VALIDATION', 'code')
  }),
  one('iterateRuns', 'gives each run once, with and without pages', async (context) => {
    const { lib, client } = context
    const started: string[] = []
    for (let index = 0; index < 5; index++) started.push(await completed(context, 'many'))
    const seen: string[] = []
    for await (const run of lib.iterateRuns(client, { groupId: 'many', pageSize: 2 })) seen.push(run._id)
    equal(seen.sort(), started.sort(), 'runs')
  }),
  one('downloadOutput', 'fetches by run output, by name and by address', async (context) => {
    const { lib, client } = context
    const run = await lib.getRun(client, await completed(context))
    const output = run.data.outputs[0]!
    for (const source of [output, output.filename!, output.url!]) {
      const response = await lib.downloadOutput(client, source)
      equal(await response.text(), 'a lighthouse', 'text')
    }
  }),
  one('downloadOutput', 'fetches the PNG of text to image', async ({ lib, client }) => {
    const { data } = await lib.executeWorkflow(client, textToImage, prompt)
    const run = await lib.waitForRun(client, data.run_id, fast)
    const response = await lib.downloadOutput(client, run.outputs[0]!)
    const bytes = new Uint8Array(await response.arrayBuffer())
    equal([...bytes.slice(0, 4)], [0x89, 0x50, 0x4e, 0x47], 'PNG signature')
  }),
  one('downloadOutput', 'an address with a wrong signature is a 403', async (context) => {
    const { lib, client } = context
    const run = await lib.getRun(client, await completed(context))
    const url = run.data.outputs[0]!.url!.replace(/signature=\w+/, 'signature=0')
    const error = await rejection(lib.downloadOutput(client, url))
    equal(error.status, 403, 'status')
    ok(!error.url.includes('signature'), 'no query in the error')
  }),
  one('toFile', 'a broken image fails the run, with what the server said', async ({ lib, client }) => {
    const inputs = { image_input: lib.toFile(new Uint8Array([1, 2, 3]), 'broken.png'), prompt: 'x' }
    const { data } = await lib.executeWorkflow(client, 'a9bc45rt2kpm', inputs)
    const error = await rejection(lib.waitForRun(client, data.run_id, fast))
    equal([error.code, error.status, error.runId], ['ERR_FLOWSCALE_RUN', 'failed', data.run_id], 'error')
    ok(error.errors.length > 0, 'a reason')
  }),
]
