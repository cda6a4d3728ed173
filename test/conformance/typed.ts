import { equal, ok, rejection } from './assert.ts'
import { type Case, one } from './types.ts'

const fast = { pollIntervalMs: 10 }

/** No server names its files so. */
const unfit = ['nor_this', 'not_this'] as const

/** Workflows with types. */
export const typedCases: Case[] = [
  one('defineWorkflow', 'is frozen, and names what is wrong', { dialects: ['readme'] }, async ({ lib }) => {
    const workflow = lib.defineWorkflow<{ text: string }, 'echo'>('quick', ['echo'])
    equal(workflow, { id: 'quick', outputNames: ['echo'] }, 'workflow')
    ok(Object.isFrozen(workflow) && Object.isFrozen(workflow.outputNames), 'frozen')
    for (const [id, names, what] of [
      ['', ['a'], 'id'],
      ['w', ['a', 'a'], 'outputNames'],
    ] as const) {
      const error = await rejection((async () => lib.defineWorkflow(id, names))())
      ok(error instanceof lib.ArgumentError && error.message.startsWith(`${what} must be`), error.message)
    }
  }),
  one('run', 'the outputs have their name', async ({ lib, client }) => {
    const quick = lib.defineWorkflow<{ text: string }, 'echo'>('quick', ['echo'])
    const told: string[] = []
    const onSubmitted = ({ runId }: { runId: string }) => told.push(runId)
    const { outputs, runId, status } = await lib.run(
      client,
      quick,
      { text: 'dawn' },
      { ...fast, onSubmitted },
    )
    equal([Object.keys(outputs), outputs.echo.length, status], [['echo'], 1, 'success'], 'outputs')
    equal(told, [runId], 'runId')
    ok(outputs.echo[0]!.download_url?.startsWith('http'), 'download_url')
    equal(outputs.echo[0]!.text, 'dawn', 'text of the result')
    equal((await lib.getOutput(client, outputs.echo[0]!.filename))?.data.text, 'dawn', 'text of the output')
    equal((await lib.getRun(client, runId)).data.outputs[0]!.text, 'dawn', 'text of the run')
  }),
  one('run', 'names in four scripts', async ({ lib, client }) => {
    const inputs = { 提示词: 'a', größe: 'b', фон: 'c', プロンプト: 'd' }
    const scripts = lib.defineWorkflow<typeof inputs, '结果'>('scripts', ['结果'])
    const { outputs, runId } = await lib.run(client, scripts, inputs, fast)
    const [file] = outputs.结果
    equal(await (await lib.downloadOutput(client, file!)).text(), 'a', 'file')
    ok(file!.filename.startsWith('结果_'), file!.filename)
    const output = await lib.getOutput(client, file!.filename)
    ok(output?.data.download_url?.startsWith('http'), 'by name')
    const sent = (await lib.getRun(client, runId)).data.inputs
    for (const [name, value] of Object.entries(inputs)) {
      ok(JSON.stringify(sent).includes(JSON.stringify(name)), `${name} ${value}`)
    }
  }),
  one('run', 'outputs that fit no name: the error has them all', async ({ lib, client }) => {
    const wrong = lib.defineWorkflow<{ texts: string }, string>('pair', unfit)
    const error = await rejection(lib.run(client, wrong, { texts: 'dawn' }, fast))
    ok(error instanceof lib.ResponseError, String(error))
    const { result, runId } = error
    equal([result?.runId, result?.outputs.length], [runId, 2], 'result')
    const files = result!.outputs.map(({ filename }) => filename)
    for (const word of [runId!, ...unfit, ...files]) ok(error.message.includes(word), error.message)
    ok(!JSON.stringify(error).includes('http'), 'no links')
    // The other way round, and each finds its own.
    const names = files.map((file) => file.replace(/\.\w+$/, '')).reverse()
    const { outputs } = lib.nameOutputs(lib.defineWorkflow('pair', names), result!)
    const found = names.map((name) => outputs[name]!.map(({ filename }) => filename))
    equal(found, [[files[1]], [files[0]]], 'by name')
  }),
  one('submit', 'the result of a later wait gets its names', async ({ lib, client }) => {
    const quick = lib.defineWorkflow<{ text: string }, 'echo'>('quick', ['echo'])
    const { data } = await lib.submit(client, quick, { text: 'dawn' })
    const later = await lib.waitForResult(client, data.run_id, fast)
    const { outputs, runId } = lib.nameOutputs(quick, later)
    equal([runId, outputs.echo.length], [data.run_id, 1], 'result')
  }),
  one(
    'nameOutputs',
    'the longest name that fits, in whichever order they are declared',
    { dialects: ['readme'] },
    async ({ lib }) => {
      const output = (filename: string) => ({ filename, download_url: null, generation_status: 'success' })
      const list = ['image_r.png', 'image_2_r.png'].map(output)
      const result = { status: 'success', data: list, runId: 'r', outputs: list } as const
      for (const names of [
        ['image', 'image_2'],
        ['image_2', 'image'],
      ]) {
        const { outputs } = lib.nameOutputs(lib.defineWorkflow('w', names), result as any)
        equal([outputs.image, outputs.image_2], [[list[0]], [list[1]]], names.join())
      }
    },
  ),
  one('runMany', 'names each result, and rejects what fits no name', async ({ lib, client }) => {
    const quick = lib.defineWorkflow<{ text: string }, 'echo'>('quick', ['echo'])
    const options = { groupId: 'many', pollIntervalMs: 10, maxRequestsPerSecond: 1000 }
    const inputs = [{ text: 'dawn' }, { text: 'dusk' }]
    const told: unknown[] = []
    const onResult = (result: { index: number }) => {
      told[result.index] = result
    }
    const results = await lib.runMany(client, quick, inputs, { ...options, onResult })
    ok(
      results.every((result, index) => result.index === index && result === told[index]),
      'told',
    )
    const counts = results.map((result) => result.status === 'fulfilled' && result.value.outputs.echo.length)
    equal(counts, [1, 1], 'results')
    const wrong = lib.defineWorkflow<{ texts: string }, string>('pair', unfit)
    const [odd] = await lib.runMany(client, wrong, [{ texts: 'dawn' }], options)
    ok(odd?.status === 'rejected' && odd.reason instanceof lib.ResponseError, 'rejected')
    equal([odd.reason.result?.outputs.length, odd.reason.runId], [2, odd.runId], 'its result')
  }),
]
