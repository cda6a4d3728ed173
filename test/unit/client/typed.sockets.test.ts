// Workflows with types against real servers: the emulator in its dialects, and the gateway in front of a ComfyUI.
import {
  createClient,
  type FileInput,
  getRun,
  ResponseError,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import { executeMany, type RunResult, waitForResult } from '@flowscale/client/poller'
import { defineWorkflow, nameOutputs, run, runMany, submit } from '@flowscale/client/typed'
import { createEmulator, type Dialect, type EmulatorOptions } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { FlowscaleAPI } from 'flowscale'
import { assert, rejects, suite } from '#test'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import { CANARY } from '../../support/canary.ts'
import { openGateway } from '../../support/openGateway.ts'
import { graphOf } from '../gateway/comfyui/kit.ts'

const test = suite('typed workflows')
const fast = { pollIntervalMs: 10 }

interface Prompt {
  text_51536: string
  image_1234?: FileInput
}
const textToImage = defineWorkflow<Prompt, 'image_output'>('words', ['image_output'])
const diptych = defineWorkflow<{ prompt: string }, 'left_image' | 'right_image'>('two-words', [
  'left_image',
  'right_image',
])

const text = (value: unknown) => ({ data: new TextEncoder().encode(String(value)), type: 'text/plain' })
/** Their files are named as those of any workflow of the emulator; none waits for a painting. */
const workflows = [
  {
    id: 'words',
    name: 'Text to Image',
    description: 'For a test',
    inputs: { text_51536: 'string' },
    outputs: { image_output: 'file' },
    run: async ({ text_51536 }, { sleep }) => {
      await sleep(100_000)
      return { image_output: text(text_51536) }
    },
  },
  {
    id: 'two-words',
    name: 'Diptych',
    description: 'For a test',
    inputs: { prompt: 'string' },
    outputs: { left_image: 'file', right_image: 'file' },
    run: async ({ prompt }) => ({ left_image: text(prompt), right_image: text(prompt) }),
  },
] satisfies EmulatorOptions['workflows']

interface Setup {
  client: ReturnType<typeof createClient>
  emulator: ReturnType<typeof createEmulator>
  url: string
}

async function withPod(dialect: Dialect, use: (setup: Setup) => Promise<void>): Promise<void> {
  const emulator = createEmulator({ apiKey: CANARY, speed: 1000, dialect, workflows })
  const { url, close } = await serve(emulator)
  try {
    await use({ client: createClient({ baseUrl: url, apiKey: CANARY }), emulator, url })
  } finally {
    await close()
    emulator.close()
  }
}

for (const dialect of ['readme', 'openapi', 'python'] as Dialect[]) {
  test(`one declared name: run, submit, a resumed wait (${dialect})`, () =>
    withPod(dialect, async ({ client, emulator }) => {
      const submitted: string[] = []
      const result = await run(
        client,
        textToImage,
        { text_51536: 'a red fox' },
        {
          ...fast,
          groupId: 'g',
          onSubmitted: ({ runId }) => submitted.push(runId),
        },
      )
      const [output, ...others] = result.outputs.image_output
      assert.match(output!.filename, /^filename_prefix_/)
      assert.is((await fetch(output!.download_url!)).status, 200)
      assert.equal([result.status, others, submitted], ['success', [], [result.runId]])
      assert.ok(!Array.isArray(result.data) && result.data.download_url)
      if (dialect !== 'readme') assert.is((await getRun(client, result.runId)).data.group_id, 'g')

      const { data } = await submit(client, textToImage, { text_51536: 'a' })
      const later = nameOutputs(textToImage, await waitForResult(client, data.run_id, fast))
      assert.is(later.outputs.image_output.length, 1)

      const late = await rejects(
        run(client, textToImage, { text_51536: 'b' }, { ...fast, maxPolls: 1 }),
        TimeoutError,
      )
      const resumed: RunResult = await late.resume!({ maxPolls: 10_000 })
      assert.is(nameOutputs(textToImage, resumed).outputs.image_output.length, 1)
      assert.is(emulator.stats.runsStarted, 3)
    }))

  test(`several declared names: what the files start with (${dialect})`, async () => {
    let result: RunResult | undefined
    await withPod(dialect, async ({ client, emulator }) => {
      const error = await rejects(run(client, diptych, { prompt: 'dawn' }, fast), ResponseError)
      result = error.result as RunResult
      assert.is(result.runId, error.runId)
      assert.is(result.outputs.length, 2)
      for (const { filename } of result.outputs) assert.ok(error.message.includes(filename))
      assert.match(error.message, /left_image,right_image/)
      assert.is(emulator.stats.runsStarted, 1)
    })
    // The same seed gives the same names: as those of one workflow are at FlowScale.
    const names = result!.outputs.map(({ filename }) => filename.replace(/_[^_]*$/, ''))
    await withPod(dialect, async ({ client }) => {
      const named = defineWorkflow<{ prompt: string }, string>('two-words', [...names].reverse())
      const { outputs } = await run(client, named, { prompt: 'dawn' }, fast)
      const files = names.map((name) => outputs[name]!.map(({ filename }) => filename))
      assert.equal(
        files,
        result!.outputs.map(({ filename }) => [filename]),
      )
      const one = defineWorkflow('two-words', ['images'])
      assert.is((await run(client, one, { prompt: 'dawn' }, fast)).outputs.images.length, 2)
    })
  })

  test(`runMany (${dialect})`, () =>
    withPod(dialect, async ({ client, emulator }) => {
      const told: unknown[] = []
      const options = { ...fast, groupId: 'g', maxRequestsPerSecond: 1000 }
      const inputs = [{ text_51536: 'a' }, { text_51536: 'b' }]
      const results = await runMany(client, textToImage, inputs, {
        ...options,
        onResult: (result) => (told[result.index] = result),
      })
      results.forEach((result, index) => {
        assert.is(result.index, index)
        assert.is(told[index], result)
        assert.ok(result.status === 'fulfilled')
        assert.is(result.value.runId, result.runId)
        assert.is(result.value.outputs.image_output.length, 1)
      })

      const odd = await runMany(client, diptych, [{ prompt: 'a' }, { prompt: 'b' }], {
        ...options,
        onResult: ({ index, status }) => told.push([index, status]),
      })
      for (const result of odd) {
        assert.ok(result.status === 'rejected')
        const error = result.reason as ResponseError
        assert.instance(error, ResponseError)
        assert.is(error.result!.outputs.length, 2)
        assert.equal([error.runId, error.result!.runId], [result.runId, result.runId])
      }
      assert.equal(told.slice(2).sort(), [
        [0, 'rejected'],
        [1, 'rejected'],
      ])

      const own = new Error('no room')
      const error = await runMany(client, diptych, [{ prompt: 'a' }], {
        ...options,
        onResult: () => Promise.reject(own),
      }).catch((error) => error)
      assert.is(error, own)
      assert.is(emulator.stats.runsStarted, 5)
      // The others of the same client are as they were.
      const [plain] = await executeMany(client, 'words', inputs.slice(1), options)
      assert.ok(plain?.status === 'fulfilled' && Array.isArray(plain.value.outputs))
    }))
}

test('a run that fails is a RunError; a null costs nothing', () =>
  withPod('readme', async ({ client, emulator }) => {
    const failing = defineWorkflow('fa1lsa1ways0', ['image'])
    const error = await rejects(run(client, failing, {}, fast), RunError)
    assert.ok(error.runId)
    await rejects(run(client, textToImage, { text_51536: null as never }, fast), Error)
    assert.is(emulator.stats.runsStarted, 1)
  }))

test('the class takes a typed workflow in place of the id', () =>
  withPod('readme', async ({ url, emulator }) => {
    const flowscale = new FlowscaleAPI({ apiKey: CANARY, baseUrl: url, enableLogging: false })
    const seen: string[] = []
    const result = await flowscale.executeWorkflowAsync(textToImage, { text_51536: 'a' }, 'g', 10, 60_000, {
      onUpdate: ({ status }) => seen.push(status),
    })
    assert.is(result.outputs.image_output.length, 1)
    assert.is(seen.at(-1), 'completed')
    const { data } = await flowscale.executeWorkflow(textToImage, { text_51536: 'b' }, 'g')
    const named = nameOutputs(textToImage, await waitForResult(flowscale.client, data.run_id, fast))
    assert.is(named.outputs.image_output.length, 1)
    assert.equal((await flowscale.getRuns('g')).data.count, 2)
    const error = await rejects(
      flowscale.executeWorkflowAsync(diptych, { prompt: 'a' }, '', 10),
      ResponseError,
    )
    assert.is(error.result?.outputs.length, 2)
    assert.is(emulator.stats.runsStarted, 3)
    for (const call of ['executeWorkflow', 'executeWorkflowAsync'] as const) {
      await rejects((flowscale as any)[call]({ id: 'words' }, { text_51536: 'a' }), Error)
      await rejects((flowscale as any)[call](undefined, {}), Error)
    }
    assert.is(emulator.stats.runsStarted, 3)
  }))

test('the gateway: its files are named after the outputs', async () => {
  const comfy = await startComfy({ version: '0.8.0' })
  const images = (batch_size: number) =>
    ['EmptyImage', { width: 8, height: 8, batch_size, color: 1 }] as const
  const save = (from: string) => ['SaveImage', { images: [from, 0], filename_prefix: 'made' }] as const
  const gateway = await openGateway(comfy.url, {
    workflows: [
      {
        name: 'two',
        graph: graphOf({ 1: [...images(2)], 2: [...images(3)], 3: [...save('1')], 4: [...save('2')] }),
        sidecar: { outputs: { image: { node: '3' }, image_2: { node: '4' } } },
      },
    ],
  })
  try {
    const client = createClient({ baseUrl: gateway.url, apiKey: CANARY })
    const two = defineWorkflow('two', ['image', 'image_2'])
    const { outputs, runId } = await run(client, two, {}, fast)
    const files = Object.entries(outputs).map(([name, list]) => [name, list.map(({ filename }) => filename)])
    assert.equal(files, [
      ['image', [`image_${runId}.png`, `image_${runId}_2.png`]],
      ['image_2', [`image_2_${runId}.png`, `image_2_${runId}_2.png`, `image_2_${runId}_3.png`]],
    ])
    const wrong = defineWorkflow('two', ['image_2', 'mask'])
    const error: any = await run(client, wrong, {}, fast).catch((error) => error)
    assert.is(error.result?.outputs.length, 5)
    assert.match(error.message, /Output image_\S+\.png,image_\S+_2\.png of run/)
  } finally {
    await gateway.close()
    await comfy.stop()
  }
})
