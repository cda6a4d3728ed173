// What the emulator makes of files of ComfyUI: pictures, films, sounds and texts, from what leads to each output.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadWorkflows } from '@flowscale/emulator/node'
import { decode } from 'fast-png'
import { assert, suite } from '#test'
import { isRising } from '../../../support/isRising.ts'
import { pluck } from '../../../support/pluck.ts'
import { until } from '../../../support/until.ts'
import { stableDiffusion } from '../../gateway/comfyui/workflows/classes.ts'
import { type Api, ended, type Fields, open } from '../kit.ts'

const test = suite('own workflows')
const example = readFileSync(new URL('../../../comfyui/workflows/example.png', import.meta.url))

type Nodes = Record<string, [classType: string, inputs: Record<string, unknown>, title?: string]>
const graphOf = (nodes: Nodes): object =>
  Object.fromEntries(
    Object.entries(nodes).map(([id, [class_type, inputs, title]]) => [
      id,
      { class_type, inputs, ...(title && { _meta: { title } }) },
    ]),
  )

let folder = ''
let api: Api
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-emulator-'))
})
test.after.each(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

/** An emulator of one workflow, `mine`. */
async function emulate(graph: object, sidecar?: object, speed = Number.POSITIVE_INFINITY): Promise<void> {
  const path = join(folder, 'mine.json')
  writeFileSync(path, JSON.stringify(graph))
  if (sidecar) writeFileSync(join(folder, 'mine.flowscale.json'), JSON.stringify(sidecar))
  api = await open('emulator.fetch', { workflows: await loadWorkflows(path, () => {}), speed })
}

interface Made {
  run: any
  files: { name: string; type: string; data: Uint8Array }[]
}

async function make(fields: Fields = {}): Promise<Made> {
  const run = await ended(api, await api.run('mine', fields))
  assert.is(run.status, 'completed', run.error)
  const files = run.outputs.map(async ({ filename, url }: { filename: string; url: string }) => {
    const response = await api.fetch(url)
    const data = new Uint8Array(await response.arrayBuffer())
    return { name: filename.replace(run._id, 'ID'), type: response.headers.get('content-type'), data }
  })
  return { run, files: await Promise.all(files) }
}

const hex = ({ files }: Made, index = 0): string => Buffer.from(files[index]!.data).toString('base64')
const sizeOf = ({ files }: Made, index = 0): number[] => {
  const { width, height } = decode(files[index]!.data)
  return [width, height]
}
const small = (changes: object = {}): any => {
  const graph = structuredClone(stableDiffusion) as any
  Object.assign(graph[5].inputs, { width: 96, height: 64, ...changes })
  return graph
}

test('a picture of the size in the graph: from prompt and seed, and not from the negative prompt', async () => {
  await emulate(small())
  const first = await make({ seed_3: '7' })
  assert.equal(
    first.files.map(({ name, type }) => [name, type]),
    [['image_ID.png', 'image/png']],
  )
  assert.equal(sizeOf(first), [96, 64])
  assert.is(hex(await make({ seed_3: '7' })), hex(first))
  assert.is(hex(await make({ seed_3: '7', text_6: 'a glass bottle' })), hex(first), 'the default is sent')
  const pixels = ({ files: [picture] }: Made) => decode(picture!.data).data
  assert.equal(pixels(await make({ seed_3: '7', text_7: 'a fox' })), pixels(first), 'a negative prompt')
  assert.is.not(hex(await make({ seed_3: '8' })), hex(first))
  assert.is.not(hex(await make({ seed_3: '7', text_6: 'a red fox at night' })), hex(first))
})

test('a picture holds the graph with the inputs of its run, and so it is a workflow again', async () => {
  await emulate(small())
  const { files } = await make({ seed_3: '7', text_6: 'a café “by night” 🎨' })
  const { text } = decode(files[0]!.data, { checkCrc: true })
  assert.match(text!.prompt!, /^[\0-\x7f]+$/)
  const graph = small()
  graph[3].inputs.seed = 7
  graph[6].inputs.text = 'a café “by night” 🎨'
  assert.equal(JSON.parse(text!.prompt!), graph)
  const path = join(folder, 'again.png')
  writeFileSync(path, files[0]!.data)
  const [again] = await loadWorkflows(path, () => {})
  assert.is((again!.inputs.prompt as { default?: unknown }).default, 'a café “by night” 🎨')
})

test('a seed that is not sent is drawn, shown, and makes the same picture again', async () => {
  await emulate(small())
  const first = await make()
  const [{ path, value }] = first.run.inputs
  assert.is(path, 'seed')
  assert.ok(Number.isSafeInteger(value) && value >= 0)
  assert.is(hex(await make({ seed_3: String(value) })), hex(first))
  assert.is.not((await make()).run.inputs[0].value, value)
})

test('a batch is several files of one output, all different, each found by its name', async () => {
  await emulate(small({ batch_size: 3 }))
  const made = await make({ seed_3: '7' })
  assert.equal(pluck(made.files, 'name'), ['image_ID.png', 'image_ID_2.png', 'image_ID_3.png'])
  assert.is(new Set([0, 1, 2].map((index) => hex(made, index))).size, 3)
  const status = async (name: string): Promise<number> => {
    const filename = name.replace('ID', made.run._id)
    return (await api.get(`/api/v1/runs/output?filename=${filename}`)).status
  }
  for (const name of ['image_ID', 'image_ID.png', 'image_ID_3', 'image_ID_3.png']) {
    assert.is(await status(name), 200, name)
  }
  for (const name of ['image_ID_4', 'image_ID_3.jpg', 'image_ID_1.png']) {
    assert.is(await status(name), 404, name)
  }
})

test('previews: some of each picture of a batch', async () => {
  await emulate(small({ batch_size: 3 }))
  const seen = new Map<string, number>()
  api.emulator.watch(({ preview, progress }) => preview && !seen.has(preview) && seen.set(preview, progress))
  assert.is((await ended(api, await api.run('mine&previews=1'))).status, 'completed')
  const parts = [...seen.values()].map((progress) => Math.floor(progress * 3))
  assert.equal([...new Set(parts)], [0, 1, 2])
})

test('sizes: by an input, by a link, and not larger than can be painted in a moment', async () => {
  const graph = small()
  graph[10] = { class_type: 'PrimitiveInt', inputs: { value: 80 }, _meta: { title: 'Width' } }
  graph[5].inputs.width = ['10', 0]
  await emulate(graph)
  assert.equal(sizeOf(await make()), [80, 64])
  assert.equal(sizeOf(await make({ width: '48' })), [48, 64])
  await api.close()
  await emulate(small({ width: 8, height: 5 }))
  assert.equal(sizeOf(await make()), [8, 5])
  await api.close()
  await emulate(small({ width: 16384, height: 4096 }))
  const [width, height] = sizeOf(await make())
  assert.ok(width! * height! <= 1_500_000, `${width} x ${height}`)
  assert.ok(Math.abs(width! / height! - 4) < 0.01, `${width} x ${height}`)
})

const saves: Nodes = {
  1: ['FSLoadText', { default_value: 'a lighthouse', label: 'text' }],
  2: ['CLIPTextEncode', { text: ['1', 0], clip: ['9', 0] }],
  3: ['EmptyLatentImage', { width: 64, height: 48, batch_size: 1 }],
  4: ['KSampler', { seed: 5, positive: ['2', 0], latent_image: ['3', 0] }],
  5: ['SaveImage', { images: ['4', 0], filename_prefix: 'a' }, 'First'],
  6: ['SaveImage', { images: ['4', 0], filename_prefix: 'b' }, 'Second'],
  7: ['FSSaveText', { text: ['1', 0], filename_prefix: 'c', label: 'Said' }],
  8: ['FSSaveText', { text: ['10', 0], filename_prefix: 'd', label: 'Told' }],
  10: ['AskAModel', { prompt: ['1', 0], model: 'x' }],
  11: ['SaveAudio', { audio: ['4', 0], filename_prefix: 'e' }, 'Sound'],
  12: ['SaveVideo', { video: ['4', 0], filename_prefix: 'f' }, 'Film'],
}

test('several outputs are several files, of each kind', async () => {
  await emulate(graphOf(saves))
  const made = await make({ text: 'a fox' })
  const [first, second, said, told, sound, film] = made.files
  assert.equal(
    made.files.map(({ name, type }) => [name, type]),
    [
      ['first_ID.png', 'image/png'],
      ['second_ID.png', 'image/png'],
      ['said_ID.txt', 'text/plain; charset=utf-8'],
      ['told_ID.txt', 'text/plain; charset=utf-8'],
      ['sound_ID.wav', 'audio/wav'],
      ['film_ID.mp4', 'video/mp4'],
    ],
  )
  assert.not.equal(first!.data, second!.data)
  const text = (file: Made['files'][number]): string => new TextDecoder().decode(file.data)
  assert.is(text(said!), 'a fox')
  assert.match(text(told!), /fox/)
  assert.ok(text(told!).length > 40)
  assert.is(text(sound!).slice(0, 4), 'RIFF')
  assert.is(text(film!).slice(4, 8), 'ftyp')
})

test('a picture that is sent is painted over; what is no picture fails the run', async () => {
  await emulate(
    JSON.parse(
      readFileSync(new URL('../../../comfyui/workflows/image-to-image.json', import.meta.url), 'utf8'),
    ),
  )
  const photo = new File([example], 'a.png', { type: 'image/png' })
  const made = await make({ photo })
  const { width, height } = decode(example)
  assert.equal(sizeOf(made), [width, height])
  assert.not.equal(Buffer.from(made.files[0]!.data), example)
  const text = new File(['no picture'], 'a.txt', { type: 'text/plain' })
  const run = await ended(api, await api.run('mine', { photo: text }))
  assert.is(run.status, 'failed')
  assert.match(run.error, /a\.txt is not a PNG or JPEG image/)
})

test('the text of a primitive leads to the picture, too', async () => {
  const graph = small()
  graph[10] = { class_type: 'PrimitiveString', inputs: { value: 'a lighthouse' }, _meta: { title: 'Wish' } }
  graph[6].inputs.text = ['10', 0]
  await emulate(graph)
  const first = await make({ seed_3: '7' })
  assert.is(hex(await make({ seed_3: '7', wish: 'a lighthouse' })), hex(first))
  assert.is.not(hex(await make({ seed_3: '7', wish: 'a red fox at night' })), hex(first))
})

test('a definition of your own: defaults, choices, seeds and several files', async () => {
  const given: object[] = []
  const data = new Uint8Array(1)
  api = await open('emulator.fetch', {
    workflows: [
      {
        id: 'mine',
        name: 'Mine',
        description: 'Takes much',
        inputs: {
          style: { kind: 'string', options: ['oil', 'ink'], default: 'ink', description: 'How' },
          steps: { kind: 'number', integer: true, min: 1, max: 9, default: 4 },
          seed: { kind: 'number', seed: true, max: 99 },
        },
        outputs: { a: 'file', b: 'file' },
        namesFiles: true,
        run(inputs) {
          given.push(inputs)
          return { a: { data, type: 'text/plain' }, b: [1, 2].map(() => ({ data, type: 'text/plain' })) }
        },
      },
    ],
  })
  const { data: listed } = (await api.get('/api/v1/comfy/workflows')).body
  const mine = listed.find(({ id }: { id: string }) => id === 'mine')
  assert.is(mine.names_files, true)
  assert.equal(mine.input_details, {
    style: { required: false, options: ['oil', 'ink'], default: 'ink', description: 'How' },
    steps: { required: false, integer: true, min: 1, max: 9, default: 4 },
    seed: { required: false, integer: true, max: 99 },
  })
  const made = await make({ style: 'oil' })
  const seed = made.run.inputs.find(({ path }: { path: string }) => path === 'seed').value
  assert.ok(Number.isInteger(seed) && seed >= 0 && seed <= 99, String(seed))
  assert.equal(given, [{ style: 'oil', steps: 4, seed }])
  assert.equal(pluck(made.files, 'name'), ['a_ID.txt', 'b_ID.txt', 'b_ID_2.txt'])
  const shown = made.run.inputs.map(({ path }: { path: string }) => path)
  assert.equal(shown, ['style', 'seed'])
})

test('progress goes up over all outputs', async () => {
  await emulate(graphOf(saves))
  const seen: number[] = []
  api.emulator.watch(({ progress }) => void seen.push(progress))
  await make()
  assert.ok(isRising(seen), `${seen}`)
  assert.ok(new Set(seen).size > 6)
})

test('a run takes its time, tells how far it is, and can be cancelled in the middle', async () => {
  await emulate(graphOf(saves), undefined, 1)
  const id = await api.run('mine')
  const { progress } = await until(
    () => api.state(id),
    (run) => run.progress > 0,
  )
  assert.ok(progress < 1)
  assert.is((await api.post(`/api/v1/runs/${id}/cancel`)).status, 200)
  const run = await ended(api, id)
  assert.is(run.status, 'cancelled')
  assert.equal(run.outputs, [])
})
