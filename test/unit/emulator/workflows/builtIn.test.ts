import type { RunContext, WorkflowDefinition, WorkflowInputs } from '@flowscale/emulator'
import { decode, encode } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { assert, said, suite } from '#test'
import { isRising } from '../../../support/isRising.ts'
import { until } from '../../../support/until.ts'
import { type Answer, type Api, ended, type Fields, form, open } from '../kit.ts'

const test = suite('workflows')
let api: Api

test.before(async () => {
  api = await open('emulator.fetch')
})
test.after(() => api.close())

async function files(of: Api, run: Answer['body']): Promise<Uint8Array[]> {
  assert.is(run.status, 'completed', run.error)
  const all: Uint8Array[] = []
  for (const { url } of run.outputs) all.push(new Uint8Array(await (await of.fetch(url)).arrayBuffer()))
  return all
}

async function make(workflow: string, fields: Fields): Promise<Uint8Array[]> {
  return files(api, await ended(api, await api.run(workflow, fields)))
}

/** Of the pixels: how many colours there are, and how far dark and light are apart. */
function look(png: Uint8Array): { size: number[]; colours: number; contrast: number } {
  const { data, width, height, channels, depth } = decode(png, { checkCrc: true })
  assert.equal([channels, depth], [3, 8])
  const colours = new Set<number>()
  const lights: number[] = []
  for (let i = 0; i < data.length; i += 3) {
    colours.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!)
    lights.push((data[i]! * 3 + data[i + 1]! * 6 + data[i + 2]!) / 10)
  }
  lights.sort((a, b) => a - b)
  const at = (part: number): number => lights[Math.floor(lights.length * part)]!
  return { size: [width, height], colours: colours.size, contrast: at(0.95) - at(0.05) }
}

/** The mean difference of two pictures of the same size, from 0 to 255. */
function distance(a: Uint8Array, b: Uint8Array): number {
  const [one, two] = [decode(a).data, decode(b).data]
  assert.is(one.length, two.length)
  let sum = 0
  for (let i = 0; i < one.length; i++) sum += Math.abs(one[i]! - two[i]!)
  return sum / one.length
}

test('text to image: a picture that differs by prompt and by seed', async () => {
  const [picture] = await make('bncu0a1kipv', { text_51536: 'a lighthouse at dusk', seed: '7' })
  const { size, colours, contrast } = look(picture!)
  assert.equal(size, [768, 512])
  assert.ok(colours > 5000, `${colours} colours`)
  assert.ok(contrast > 40, `contrast ${contrast}`)

  const [same] = await make('bncu0a1kipv', { text_51536: 'a lighthouse at dusk', seed: '7' })
  assert.equal(same, picture)
  const [otherSeed] = await make('bncu0a1kipv', { text_51536: 'a lighthouse at dusk', seed: '8' })
  assert.ok(distance(picture!, otherSeed!) > 1, `seed: ${distance(picture!, otherSeed!)}`)
  const [otherPrompt] = await make('bncu0a1kipv', { text_51536: 'a green forest in the morning', seed: '7' })
  assert.ok(distance(picture!, otherPrompt!) > 5, `prompt: ${distance(picture!, otherPrompt!)}`)
})

test('text to image: without a seed each run has one of its own, repeatable with the emulator', async () => {
  const tell = async (): Promise<Uint8Array[]> => {
    const fresh = await open('emulator.fetch', { seed: 5 })
    const ids = [
      await fresh.run('bncu0a1kipv', { text_51536: 'x' }),
      await fresh.run('bncu0a1kipv', { text_51536: 'x' }),
    ]
    const pictures: Uint8Array[] = []
    for (const id of ids) pictures.push(...(await files(fresh, await ended(fresh, id))))
    await fresh.close()
    return pictures
  }
  const [first, second] = await tell()
  assert.ok(distance(first!, second!) > 1)
  const again = await tell()
  assert.equal(again, [first, second])
})

for (const [name, workflow, fields] of [
  ['text to image', 'bncu0a1kipv', { text_51536: 'a red fox' }],
  ['diptych', 'd1ptych7two2', { prompt: 'a red fox' }],
  ['text to video', 't3xt2v1deo00', { prompt: 'a red fox', duration: '1' }],
] as const) {
  test(`${name}: the seed that is drawn is among the inputs, and gives the same files`, async () => {
    const drawn = await ended(api, await api.run(workflow, fields))
    const seed = drawn.inputs.find(({ path }: { path: string }) => path === 'seed').value
    assert.ok(Number.isSafeInteger(seed))
    assert.equal(await make(workflow, { ...fields, seed: String(seed) }), await files(api, drawn))
  })
}

test('a picture holds its inputs as nodes of FlowScale, and of files the names', async () => {
  const file = new File([gradient()], 'a.png')
  for (const [workflow, fields, ...nodes] of [
    [
      'bncu0a1kipv',
      { text_51536: 'é', seed: '7' },
      ['FSLoadText', 'text_51536', 'é'],
      ['FSLoadInteger', 'seed', 7],
    ],
    [
      'a9bc45rt2kpm',
      { prompt: 'x', image_input: file },
      ['FSLoadImage', 'image_input', 'a.png'],
      ['FSLoadText', 'prompt', 'x'],
    ],
    [
      'd1ptych7two2',
      { prompt: ['a', 'b'], seed: '7' },
      ['FSLoadText', 'prompt', 'a\nb'],
      ['FSLoadInteger', 'seed', 7],
    ],
  ] as [string, Fields, ...unknown[][]][]) {
    const pictures = await make(workflow, fields)
    assert.ok(pictures.length)
    for (const picture of pictures) {
      const graph: Record<string, any> = JSON.parse(decode(picture, { checkCrc: true }).text!.prompt!)
      const held = Object.values(graph).map(
        ({ class_type, inputs: { label, image, default_value = image } }) => [
          class_type,
          label,
          default_value,
        ],
      )
      assert.equal(held.sort(), nodes.sort(), workflow)
    }
  }
})

test('text to image takes empty and odd prompts, odd seeds, and its optional files', async () => {
  for (const [text_51536, seed] of [
    ['', '0'],
    ['🎨 日本 '.repeat(500), '-1'],
    ['__proto__ constructor', '9007199254740991'],
  ] as const) {
    const file = new Blob(['no picture'])
    const [picture] = await make('bncu0a1kipv', { text_51536, seed, image_1234: file, video_1239: file })
    assert.equal(look(picture!).size, [768, 512])
  }
})

test('at speed 1 a workflow takes its time, in steps', async () => {
  // The clock stands still: the painter's own work would be taken off.
  const { setTimeout } = globalThis
  const { now } = Date
  const asked: number[] = []
  const slow = await open('emulator.fetch', { speed: 1 })
  Date.now = () => 1_800_000_000_000
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    asked.push(ms)
    return setTimeout(callback, 0)
  }) as typeof setTimeout
  try {
    for (const [workflow, fields, ms, least] of [
      ['bncu0a1kipv', { text_51536: 'x', seed: '1' }, 3000, 10],
      ['t3xtwr1ter00', { prompt: 'x', words: '100' }, 1000, 5],
      ['v1deoinf0000', { video: new Blob(['x']) }, 1000, 5],
    ] as [string, Fields, number, number][]) {
      asked.length = 0
      const progress: number[] = []
      const id = await slow.run(workflow, fields)
      for (let run = await slow.state(id); ; run = await slow.state(id)) {
        progress.push(run.progress)
        if (run.status !== 'running') break
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
      const total = asked.reduce((sum, ms) => sum + ms, 0)
      assert.ok(Math.abs(total - ms) < 1, `${workflow}: ${total} ms`)
      assert.ok(asked.length >= least && asked.length <= 100, `${workflow}: ${asked.length} steps`)
      assert.ok(isRising(progress), `${progress}`)
      assert.ok(new Set(progress).size > 2, String(progress))
      assert.is(progress.at(-1), 1)
    }
  } finally {
    globalThis.setTimeout = setTimeout
    Date.now = now
    await slow.close()
  }
})

const WIDTH = 40
const HEIGHT = 30

/** A gradient with a bright square. */
function gradient(): Blob {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3]
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)]
    const square = x > 10 && x < 20 && y > 10 && y < 20
    return square ? 255 : Math.floor((((x + y * (channel + 1)) % 50) / 50) * 255)
  })
  return new Blob([encode({ width: WIDTH, height: HEIGHT, channels: 3, data }).slice()])
}

test('image to image shows its source, and a data: URL will do', async () => {
  const [first] = await make('a9bc45rt2kpm', { image_input: gradient(), prompt: 'warm' })
  const flat = encode({ width: WIDTH, height: HEIGHT, channels: 3, data: new Uint8Array(WIDTH * HEIGHT * 3) })
  const url = `data:image/png;base64,${Buffer.from(flat).toString('base64')}`
  const [second] = await make('a9bc45rt2kpm', { image_input: url, prompt: 'warm' })
  assert.ok(distance(first!, second!) > 5)
})

function jpeg(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)]
    data.set([(x * 255) / width, (y * 255) / height, x > width / 2 ? 200 : 40], i * 4)
  }
  return new Uint8Array(encodeJpeg({ data, width, height }, 90).data)
}

test('image to image takes a JPEG, whatever it is called, and gives a PNG', async () => {
  const image = new Blob([jpeg(64, 48) as Uint8Array<ArrayBuffer>])
  const id = await api.run('a9bc45rt2kpm', { image_input: image, prompt: 'warm' })
  const run = await ended(api, id)
  assert.match(run.outputs[0].filename, /\.png$/)
  const [picture] = await files(api, run)
  const { size, colours } = look(picture!)
  assert.equal(size, [64, 48])
  assert.ok(colours > 100, `${colours} colours`)
  const url = `data:image/jpeg;base64,${Buffer.from(jpeg(64, 48)).toString('base64')}`
  const [other] = await make('a9bc45rt2kpm', { image_input: url, prompt: 'a cold night' })
  assert.ok(distance(picture!, other!) > 3)
})

test('image to image: a large picture comes out smaller, in many steps', async () => {
  const updates: number[] = []
  const [width, height] = [1900, 1300]
  const data = new Uint8Array(width * height).fill(90)
  const png = new Blob([encode({ data, width, height, channels: 1 }).slice()])
  const stop = api.emulator.watch(({ progress }) => void updates.push(progress))
  const [picture] = await make('a9bc45rt2kpm', { image_input: png, prompt: 'x' })
  stop()
  const [w, h] = look(picture!).size as [number, number]
  assert.ok(w * h > 1_450_000 && w * h <= 1_500_000, `${w} x ${h}`)
  assert.ok(Math.abs(w / h - width / height) < 0.01)
  assert.ok(updates.length > 60, `${updates.length} steps`)
  assert.ok(isRising(updates), `${updates}`)
})

async function text(of: Api, fields: Fields): Promise<string> {
  const run = await ended(of, await of.run('t3xtwr1ter00', fields))
  assert.is(run.status, 'completed', run.error)
  assert.match(run.outputs[0].filename, /\.txt$/)
  const response = await of.fetch(run.outputs[0].url)
  assert.is(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  return await response.text()
}

const wordsOf = (lines: string): string[] => lines.split(/\s+/).filter((word) => word !== '')

test('text writer: some lines around the prompt, of as many words as asked for', async () => {
  const lines = await text(api, { prompt: 'a lighthouse at dusk' })
  assert.is(wordsOf(lines).length, 40)
  assert.ok(lines.trim().split('\n').length > 3)
  assert.ok(lines.endsWith('.\n'))
  assert.match(lines.toLowerCase(), 'lighthouse')
  assert.match(await text(api, { prompt: 'カフェ' }), 'カフェ')
  for (const words of [1, 2, 17, 1000]) {
    for (const prompt of ['', '!?', 'one', '🎨', '__proto__']) {
      assert.is(wordsOf(await text(api, { prompt, words: String(words) })).length, words)
    }
  }
  for (const words of ['0', '-1', '1.5', '1001']) {
    const run = await ended(api, await api.run('t3xtwr1ter00', { prompt: 'x', words }))
    const error = `words must be a whole number from 1 to 1000, got ${words}`
    assert.equal([run.status, run.error], ['failed', error])
  }
})

test('text writer: repeatable with the emulator, another text for another prompt or run', async () => {
  const tell = async (seed: number): Promise<string[]> => {
    const fresh = await open('emulator.fetch', { seed })
    const all = [
      await text(fresh, { prompt: 'the sea' }),
      await text(fresh, { prompt: 'the sea' }),
      await text(fresh, { prompt: 'the city' }),
    ]
    await fresh.close()
    return all
  }
  const first = await tell(1)
  assert.is(new Set(first).size, 3)
  assert.equal(await tell(1), first)
  assert.is(new Set([...first, ...(await tell(2))]).size, 6)
})

test('video info: name, size and type', async () => {
  async function info(video: Blob | string, name?: string): Promise<unknown> {
    const data = new FormData()
    if (typeof video === 'string') data.append('video', video)
    else data.append('video', video, name)
    const { body } = await api.post('/api/v1/runs?workflow_id=v1deoinf0000', data)
    const run = await ended(api, body.data.run_id)
    assert.match(run.outputs[0].filename, /\.json$/)
    const response = await api.fetch(run.outputs[0].url)
    assert.is(response.headers.get('content-type'), 'application/json')
    return await response.json()
  }
  const bytes = new Uint8Array(70_000)
  assert.equal(await info(new Blob([bytes], { type: 'video/mp4' }), 'ein Film ü.mp4'), {
    name: 'ein Film ü.mp4',
    size: 70_000,
    type: 'video/mp4',
  })
  const untyped = { name: 'x', size: 0, type: 'application/octet-stream' }
  assert.equal(await info(new Blob([]), 'x'), untyped)
  assert.equal(await info('data:video/webm;base64,AAAA'), { name: 'video.webm', size: 3, type: 'video/webm' })
  assert.is((await api.post('/api/v1/runs?workflow_id=v1deoinf0000', form())).status, 422)
})

test('diptych: two outputs, from one prompt or two', async () => {
  const one = await make('d1ptych7two2', { prompt: 'a quiet sea', seed: '3' })
  assert.is(one.length, 2)
  for (const picture of one) assert.equal(look(picture).size, [512, 512])
  assert.ok(distance(one[0]!, one[1]!) > 1)
  const two = await make('d1ptych7two2', { prompt: ['a quiet sea', 'a city at night'], seed: '3' })
  assert.is(distance(two[0]!, one[0]!), 0)
  assert.ok(distance(two[1]!, one[1]!) > 1)
  const run = await ended(api, await api.run('d1ptych7two2', { prompt: ['a', 'b', 'c'] }))
  assert.equal([run.status, run.error], ['failed', 'prompt takes one or two texts, got 3'])
  assert.is((await api.post('/api/v1/runs?workflow_id=d1ptych7two2', form())).status, 422)
})

async function custom(
  run: WorkflowDefinition['run'],
  outputs: WorkflowDefinition['outputs'] = {},
  speed = Number.POSITIVE_INFINITY,
): Promise<{ api: Api; id: string }> {
  const workflow = { id: 'own', name: 'Own', description: 'Own', inputs: {}, outputs, run }
  const own = await open('emulator.fetch', { workflows: [workflow], speed })
  return { api: own, id: await own.run('own') }
}

test('an own workflow: context', async () => {
  let seen: [WorkflowInputs, RunContext] | undefined
  const { api: own, id } = await custom(async (inputs, context) => {
    seen = [inputs, context]
    context.progress(7)
    await context.sleep(10)
    context.progress(Number.NaN)
    context.progress(-1)
    throw 'a bare text'
  })
  const run = await ended(own, id)
  assert.equal([run.status, run.error, run.progress], ['failed', 'a bare text', 0])
  const [inputs, context] = seen!
  assert.equal(inputs, {})
  assert.is(context.runId, id)
  assert.not(context.signal.aborted)
  const number = context.random()
  assert.ok(number >= 0 && number < 1)
  context.progress(0.9)
  assert.is((await own.state(id)).progress, 0)
  await own.close()
})

test('an own workflow: cancelling wakes its sleeps, with no unhandled rejection and no warning', async () => {
  const reasons: unknown[] = []
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note).on('warning', note)
  let begun = false
  let over = false
  const run: WorkflowDefinition['run'] = async (_, { sleep }) => {
    void sleep(60_000)
    const sleeps = Array.from({ length: 50 }, () => sleep(60_000))
    begun = true
    reasons.push(
      ...(await Promise.allSettled(sleeps)).map((result) => (result as PromiseRejectedResult).reason),
    )
    await sleep(0).catch((reason: unknown) => reasons.push(reason))
    over = true
    return {}
  }
  const { api: own, id } = await custom(run, {}, 1)
  await until(() => begun)
  await own.post(`/api/v1/runs/${id}/cancel`)
  await until(() => over)
  assert.is((await own.state(id)).status, 'cancelled')
  await new Promise((resolve) => setTimeout(resolve, 5))
  process.off('unhandledRejection', note).off('warning', note)
  assert.is(reasons.length, 51)
  assert.ok(reasons.every((reason) => reason instanceof Error && reason.message === 'The run was cancelled'))
  assert.equal(unhandled, [])
  await own.close()
})

test('an own workflow: results that do not fit what it declares', async () => {
  const file = { data: new Uint8Array(1), type: 'text/plain' }
  for (const [result, name] of [
    [undefined, '"a"'],
    [{ b: file }, '"a"'],
    [{ a: { ...file, data: 'text' } }, '"a"'],
    [{ a: { ...file, type: 'x\r\ny: z' } }, '"a"'],
    [{ a: file, b: file }, '"b"'],
  ] as const) {
    const { api: own, id } = await custom(() => result as never, { a: 'file' })
    const run = await ended(own, id)
    assert.is(run.status, 'failed')
    assert.match(run.error, name)
    said(run.error)
    await own.close()
  }
})

test('an own workflow: what it keeps and changes later does not change the file', async () => {
  const data = new Uint8Array([1])
  const { api: own, id } = await custom(() => ({ a: { data, type: 'image/png' } }), { a: 'image' })
  const run = await ended(own, id)
  data[0] = 2
  assert.equal(await files(own, run), [new Uint8Array([1])])
  await own.close()
})

test('a synchronous, long run does not hold up the answer to execute', async () => {
  const order: string[] = []
  const { api: own, id } = await custom(() => {
    order.push('run')
    return {}
  })
  order.push('answer')
  await until(async () => (await own.state(id)).status === 'completed')
  assert.equal(order, ['answer', 'run'])
  await own.close()
})
