import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { assert, rejects, suite } from '#test'
import { fillGraph } from '../../../../../packages/gateway/src/comfyui/workflows/fillGraph.ts'
import { findMissingChoices } from '../../../../../packages/gateway/src/comfyui/workflows/missingChoices.ts'
import { readWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/readWorkflow.ts'
import type { ComfyWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/types.ts'
import { describeWorkflow, sidecarOf } from '../../../../../packages/gateway/src/command/inspect.ts'
import { parseJson } from '../../../../../packages/gateway/src/workflowJson.ts'
import { pluck } from '../../../../support/pluck.ts'
import { classesOf, stableDiffusion } from './classes.ts'

const RUN = '1a2b3c4d-0000-4000-8000-000000000000'
const test = suite('workflows of ComfyUI')
const file = (name: string): any =>
  JSON.parse(readFileSync(new URL(`../../../../comfyui/workflows/${name}.json`, import.meta.url), 'utf8'))
const read = (
  graph: unknown,
  sidecar?: unknown,
  version: '0.3.64' | '0.8.0' = '0.8.0',
): Promise<ComfyWorkflow> =>
  readWorkflow({ name: 'mine', graph, ...(sidecar !== undefined && { sidecar }) }, classesOf(version))
const node = (class_type: string, inputs: object = {}, title?: string): object => ({
  class_type,
  inputs,
  ...(title !== undefined && { _meta: { title } }),
})
const names = ({ inputs, outputs }: ComfyWorkflow): string[][] => [[...inputs.keys()], [...outputs.keys()]]
const inputOf = async (graph: unknown, name: string, sidecar?: unknown): Promise<object> => {
  const {
    kind,
    required,
    array,
    default: preset,
    min,
    max,
    options,
    seed,
  } = (await read(graph, sidecar)).inputs.get(name)!
  const shown = { kind, required, array, default: preset, min, max, options, seed }
  return Object.fromEntries(
    Object.entries(shown).filter(([, value]) => value !== undefined && value !== false),
  )
}
const found = {
  failing: [['seed'], ['result']],
  'image-to-image': [['photo'], ['result']],
  slow: [['seed'], ['result']],
  'text-to-image': [['prompt', 'size', 'seed'], ['result']],
  'two-outputs': [
    ['caption', 'photo'],
    ['picture', 'caption_out'],
  ],
  video: [[], ['film_images', 'film_gifs']],
}
for (const [name, expected] of Object.entries(found)) {
  for (const version of ['0.3.64', '0.8.0'] as const) {
    test(`${name}.json on ${version}: names, the same from its sidecar and in another order`, async () => {
      const graph = file(name)
      const workflow = await read(graph, undefined, version)
      assert.equal(names(workflow), expected)
      assert.equal(workflow.missingClasses, [])
      const again = await read(graph, sidecarOf(workflow), version)
      const unnamed = (inputs: ComfyWorkflow['inputs']) =>
        [...inputs].map(([key, input]) => [key, { ...input, why: '', aliases: [] }])
      assert.equal(unnamed(again.inputs), unnamed(workflow.inputs))
      assert.equal([...again.listing.outputs], [...workflow.listing.outputs])
      const turned = Object.entries(graph)
        .map(([id, value]) => [`n${id}`, value])
        .reverse()
      const first = await read(Object.fromEntries(turned.map(([id, value]) => [id, value])))
      const second = await read(Object.fromEntries([...turned].reverse()))
      assert.equal(names(first), names(second))
    })
  }
}

test('the first graph of ComfyUI: two texts, a seed and a picture', async () => {
  const workflow = await read(stableDiffusion)
  assert.equal(names(workflow), [['seed', 'width', 'height', 'prompt', 'negative_prompt'], ['image']])
  assert.equal(await inputOf(stableDiffusion, 'prompt'), { kind: 'string', default: 'a glass bottle' })
  assert.equal(await inputOf(stableDiffusion, 'negative_prompt'), { kind: 'string', default: '' })
  const seed = { kind: 'number', min: 0, max: Number.MAX_SAFE_INTEGER, seed: true }
  assert.equal(await inputOf(stableDiffusion, 'seed'), seed)
})

test("FlowScale's nodes: by class, or by a label that somebody wrote", async () => {
  const graph = {
    1: node('FSLoadText', { default_value: '', label: 'Input Text' }, 'A title'),
    2: node('FSLoadInteger', { default_value: '7', label: '' }),
    3: node('FSLoadImage', { image: 'a.png', label: ['1', 0] }),
    4: node('FSLoadVideo', { video: 'a.mp4', skip_first_frames: 0 }),
    5: node('FSLoadAudio', { audio: 'a.mp3', label: 'The Voice!' }),
    6: node('FSSaveText', { text: ['1', 0], filename_prefix: 'x', label: 'Output Text' }),
    7: node('FSSaveInteger', { integer: ['2', 0], filename_prefix: 'x' }),
    8: node('FSLoadText', { default_value: ['1', 0], label: 'linked' }),
  }
  const workflow = await read(graph)
  assert.equal(names(workflow), [['text_1', 'integer_2', 'image_3', 'video_4', 'the_voice'], ['text_6']])
  assert.equal([...workflow.listing.outputs.values()], ['file'])
  assert.not.match(describeWorkflow(workflow), /label.* no rule/)
  assert.equal(await inputOf(graph, 'text_1'), { kind: 'string', required: true })
  assert.equal(await inputOf(graph, 'integer_2'), { kind: 'number', default: 7 })
  for (const [name, kind] of [
    ['image_3', 'image'],
    ['video_4', 'video'],
    ['the_voice', 'audio'],
  ] as const) {
    assert.equal(await inputOf(graph, name), { kind, required: true })
  }
})

test('titles that somebody changed, and equal ones', async () => {
  const graph = {
    1: node('PrimitiveInt', { value: 20 }, 'Steps'),
    2: node('PrimitiveInt', { value: 5 }, 'Base seed'),
    3: node('PrimitiveInt', { value: 5 }, 'Int'),
    4: node('CLIPTextEncode', { text: 'x' }, 'Positive prompt'),
    5: node('CLIPTextEncode', { text: 'y' }, 'Prompt'),
    6: node('CLIPTextEncode', { text: 'z' }, 'Prompt'),
    7: node('PrimitiveStringMultiline', { value: 'z' }, 'Prompt 6'),
    8: node('CLIPTextEncodeSDXL', { text_g: 'g', text_l: ['7', 0] }, 'Café style'),
    9: node('CLIPTextEncodeSDXL', { text_g: 'g', text_l: 'l' }, 'プロンプト'),
    '10:2': node('LoadImage', { image: 'a.png' }, 'Load Image'),
    11: node('EmptyImage', { width: 8 }, 'Not one value'),
    12: node('CLIPTextEncode', { text: ['7', 0] }, 'Linked'),
    13: node('SaveImage', { images: ['8', 0] }, 'Result'),
    14: node('CheckpointSave', { filename_prefix: 'model' }, 'Weights'),
    15: node('PreviewImage', { images: ['8', 0] }, 'Look'),
    16: node('SaveAndPass', { images: ['8', 0] }, 'On the way'),
    17: node('TestVideo', { images: ['8', 0] }, 'Film'),
  }
  const workflow = await read(graph)
  const prompts = ['positive_prompt', 'prompt_5', 'prompt_6_6', 'prompt_6_7']
  const inputs = [
    'steps',
    'base_seed',
    ...prompts,
    'café_style',
    'プロンプト_text_g',
    'プロンプト_text_l',
    'image',
  ]
  assert.equal(names(workflow), [inputs, ['result', 'film']])
  assert.equal([...workflow.listing.outputs.values()], ['image', 'video'])
  assert.equal(await inputOf(graph, 'steps'), {
    kind: 'number',
    default: 20,
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
  })
  assert.is(workflow.inputs.get('base_seed')!.seed, true)
})

test('a sidecar says which inputs there are, and more of each', async () => {
  const sidecar = {
    id: 'sd',
    name: 'Stable Diffusion',
    inputs: {
      prompt: { node: 6, input: 'text', required: true, description: 'What to see' },
      steps: { node: '3', input: 'steps', min: 4, max: 30, default: 10 },
      model: { node: '4', input: 'ckpt_name' },
      look: { node: '3', input: 'scheduler', options: ['simple'], default: 'simple' },
      seed: { node: '3', input: 'seed', default: 1 },
    },
    outputs: { picture: { node: '9' } },
  }
  const workflow = await read(stableDiffusion, sidecar)
  assert.equal(names(workflow), [['prompt', 'steps', 'model', 'look', 'seed'], ['picture']])
  assert.is(workflow.listing.id, 'sd')
  assert.is(workflow.listing.inputs.get('prompt')!.description, 'What to see')
  const of = (name: string) => inputOf(stableDiffusion, name, sidecar)
  assert.equal(await of('prompt'), { kind: 'string', required: true })
  assert.equal(await of('steps'), { kind: 'number', default: 10, min: 4, max: 30 })
  const models = ['a.safetensors', 'b.safetensors']
  assert.equal(await of('model'), { kind: 'string', default: 'a.safetensors', options: models })
  assert.equal(await of('look'), { kind: 'string', default: 'simple', options: ['simple'] })
  assert.equal(await of('seed'), { kind: 'number', default: 1, min: 0, max: Number.MAX_SAFE_INTEGER })
  assert.is(fillGraph(workflow, {}, RUN).graph['3']!.inputs.scheduler, 'simple')
})

test('a sidecar makes a file of a text, and no input of a field that is set by a link alone', async () => {
  const picture = { node: '4', input: 'ckpt_name', kind: 'image' }
  const shown = await inputOf(stableDiffusion, 'picture', { inputs: { picture } })
  assert.equal(shown, { kind: 'image', required: true })
  const inputs = { a: { node: '1', input: 'text' } }
  await rejects(read({ 1: node('FSSaveText', { text: 'x' }) }, { inputs }), Error)
  const linked = {
    1: node('CLIPTextEncode', { text: ['2', 0] }),
    2: node('PrimitiveStringMultiline', { value: '' }),
  }
  await rejects(read(linked, { inputs }), Error)
})

test('a sidecar that is wrong is refused', async () => {
  for (const sidecar of [
    [],
    { input: {} },
    { id: 1 },
    { inputs: { 'my prompt': {} } },
    JSON.parse('{"inputs": {"__proto__": {}}}'),
    { outputs: { a: {} } },
    { inputs: { a: { node: '77', input: 'x' } } },
    { inputs: { a: { node: '6', input: 'txt' } } },
    { inputs: { a: { node: '3', input: 'model' } } },
    { inputs: { a: { node: '9', input: 'filename_prefix' } } },
    { inputs: { a: { node: '6', input: 'text' }, b: { node: 6, input: 'text' } } },
    { outputs: { a: { node: '8' } } },
    { inputs: [] },
    { inputs: { a: '6' } },
  ]) {
    await rejects(read(stableDiffusion, sidecar), Error)
  }
})

test('an input of a sidecar that is wrong is refused', async () => {
  for (const entry of [
    { typo: 1 },
    { kind: 'string' },
    { required: 'no' },
    { min: 0 },
    { min: 9, max: 3 },
    { max: 10 },
    { default: '20' },
    { default: 1.5 },
    { default: 2, required: true },
    { options: [] },
    { options: [1, 2] },
    { options: Array(10_001).fill(20) },
    { input: 'sampler_name', options: ['ddim'] },
    { input: 'sampler_name', default: 'ddim' },
  ]) {
    const a = { node: '3', input: 'steps', ...entry }
    await rejects(read(stableDiffusion, { inputs: { a } }), Error)
  }
})

test('an input of a sidecar for several fields: one value, and what fits all of them', async () => {
  const graph = { 1: node('KSampler', { steps: 5 }), 2: node('EmptyLatentImage', { width: 8, height: 8 }) }
  const fields = [
    { node: '1', input: 'steps' },
    { node: '2', input: 'width' },
  ]
  const workflow = await read(graph, { inputs: { size: { fields, default: 64 } } })
  const { min, max, integer } = workflow.inputs.get('size')!
  assert.equal([min, max, integer], [16, 10_000, true])
  const filled = fillGraph(workflow, { size: 32 }, RUN).graph
  assert.equal([filled['1']!.inputs.steps, filled['2']!.inputs.width], [32, 32])
  assert.equal(sidecarOf(workflow).inputs, {
    size: {
      fields,
      kind: 'number',
      required: false,
      default: 64,
      min: 16,
      max: 10_000,
      description: undefined,
    },
  })
  for (const entry of [
    { fields: [] },
    { fields, node: '1' },
    { fields, input: 'x' },
    { fields: ['1'] },
    { fields: [{ node: '9', input: 'x' }] },
    { fields: [fields[0], { node: '1', input: 'sampler_name' }] },
  ])
    await rejects(read(graph, { inputs: { size: entry } }), Error)
})

test('what is no workflow is refused', async () => {
  const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`)
  for (const graph of [
    { nodes: [], links: [] },
    file('../../unit/gateway/comfyui/workflows/text-to-image.app'),
    {},
    [1],
    null,
    'x',
    { prompt: stableDiffusion },
    { 1: 5 },
    { 1: { class_type: 'X', inputs: [] } },
    { 1: node('X', { deep }) },
  ]) {
    await rejects(read(graph), Error)
  }
})

test('a class that the server does not have is told with its node', async () => {
  const workflow = await read({
    1: node('Lost', { a: 1 }, 'Where?'),
    2: node('SaveImage', { images: ['1', 0] }),
  })
  assert.equal(workflow.missingClasses, [{ classType: 'Lost', node: '1', title: 'Where?' }])
  assert.match(describeWorkflow(workflow), /does not have\n {2}Lost {2}node 1 "Where\?"/)
})

test('an input called constructor, a node called __proto__, and 10,000 nodes', async () => {
  const title = await read({ 1: node('PrimitiveInt', { value: 3 }, 'Constructor') })
  assert.is(fillGraph(title, {}, RUN).graph['1']!.inputs.value, 3)
  const graph = JSON.parse(`{"__proto__": ${JSON.stringify(node('KSampler', { seed: 1 }))}}`)
  const workflow = await read(graph)
  const { graph: filled } = fillGraph(workflow, { seed: 5 }, RUN)
  assert.is(JSON.stringify(filled), '{"__proto__":{"class_type":"KSampler","inputs":{"seed":5}}}')
  const many = Array.from({ length: 10_000 }, (_, id) => [
    `?${'!'.repeat(id % 50)}${id % 2}`.repeat(1 + (id % 3)) + id,
    node('CLIPTextEncode', { text: 'x' }, 'Same'),
  ])
  const big = await read(Object.fromEntries(many))
  assert.is(big.inputs.size, 10_000)
  assert.is(Object.keys(fillGraph(big, {}, RUN).graph).length, 10_000)
})

test('a seed that JavaScript can’t hold stays a text', async () => {
  const graph = parseJson(
    `{"1": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "steps": 9007199254740993}}}`,
  )
  const seed = '18446744073709551615'
  const sentWith = async (sidecar: object): Promise<unknown> =>
    fillGraph(await read(graph, sidecar), {}, RUN).graph['1']!.inputs
  for (const inputs of [{}, { steps: { node: '1', input: 'steps' } }])
    assert.equal(await sentWith({ inputs }), { seed, steps: '9007199254740993' })
})

test('a run: values, drawn seeds and names of files of its own', async () => {
  const graph = {
    ...stableDiffusion,
    10: node('SaveVideo', { filename_prefix: 'video/core' }),
    11: node('SaveImage', { filename_prefix: ['6', 0] }),
    12: node('FSSaveInteger', {}),
  }
  const before = JSON.stringify(graph)
  const workflow = await read(graph)
  const filled = fillGraph(workflow, { prompt: '["4", 0]' }, RUN)
  assert.is(JSON.stringify(graph), before)
  assert.is(filled.graph['6']!.inputs.text, '["4", 0]')
  const prefixes = ['9', '10', '11', '12'].map((id) => filled.graph[id]!.inputs.filename_prefix)
  assert.equal(prefixes, ['ComfyUI_1a2b3c4d', 'video/core_1a2b3c4d', 'ComfyUI_1a2b3c4d', 'ComfyUI_1a2b3c4d'])
  assert.equal(filled.graph['8'], stableDiffusion['8'])
  assert.equal(
    [...workflow.outputs].map(([name, output]) => [name, output.node]),
    [
      ['image_9', '9'],
      ['video', '10'],
      ['image_11', '11'],
    ],
  )
  assert.is(Object.keys(filled.graph).length, 10)
  assert.is(filled.graph['3']!.inputs.steps, 20)
  assert.equal([...filled.seeds.keys()], ['seed'])
  assert.is(filled.graph['3']!.inputs.seed, filled.seeds.get('seed'))
  assert.ok(Number.isSafeInteger(filled.seeds.get('seed')))
  assert.is.not(fillGraph(workflow, {}, RUN).seeds.get('seed'), filled.seeds.get('seed'))
  assert.equal([...fillGraph(workflow, { seed: 4 }, RUN).seeds], [])
})

test('a drawn seed keeps to the range of a sidecar', async () => {
  const workflow = await read(stableDiffusion, {
    inputs: { seed: { node: '3', input: 'seed', min: 5, max: 7 } },
  })
  const drawn = Array.from({ length: 200 }, () => fillGraph(workflow, {}, RUN).seeds.get('seed')!)
  assert.equal([...new Set(drawn)].sort(), [5, 6, 7])
})

test('a choice brings fields of its own', async () => {
  const film = { video: ['1', 0], format: 'mp4', 'format.codec': 'av1', 'format.codec.speed': 6 }
  const set = (input: string) => ({ node: '2', input })
  const workflow = await read(
    { 1: node('CreateVideo', { images: ['1', 0], fps: 8 }), 2: node('SaveFilm', film) },
    {
      inputs: {
        format: set('format'),
        codec: set('format.codec'),
        crf: set('format.crf'),
        speed: set('format.codec.speed'),
      },
    },
  )
  const shown = [...workflow.inputs].map(([name, input]) => [name, input.default, input.options])
  assert.equal(shown, [
    ['format', 'mp4', ['auto', 'mp4']],
    ['codec', 'av1', ['h264', 'av1']],
    ['crf', 23, undefined],
    ['speed', 6, undefined],
  ])
  const { inputs } = fillGraph(workflow, { format: 'auto', crf: 30 }, RUN).graph['2']!
  assert.equal([inputs.format, inputs['format.codec'], inputs['format.crf']], ['auto', 'av1', 30])
})

test('a list is a value, and never a link', async () => {
  const workflow = await read(
    { 1: node('PickMany', { tags: { __value__: ['a'] } }) },
    { inputs: { tags: { node: '1', input: 'tags' } } },
  )
  const { kind, array, required, options } = workflow.inputs.get('tags')!
  assert.equal(
    { kind, array, required, options },
    { kind: 'string', array: true, required: false, options: ['a', 'b', 'c'] },
  )
  for (const [value, sent] of [
    [
      ['b', 'c'],
      ['b', 'c'],
    ],
    ['c', ['c']],
  ] as const) {
    assert.equal(fillGraph(workflow, { tags: value }, RUN).graph['1']!.inputs.tags, { __value__: sent })
  }
})

test('no value changes another field, or is a link', async () => {
  const workflow = await read(stableDiffusion)
  const scalar = fc.oneof(fc.string(), fc.json(), fc.double({ noNaN: true }), fc.boolean())
  const value = fc.oneof(scalar, fc.array(scalar), fc.constant(['4', 0]))
  const given = fc.dictionary(
    fc.oneof(
      fc.constantFrom('seed', 'prompt', 'negative_prompt', 'filename_prefix', '3', '__proto__'),
      fc.string(),
    ),
    value,
  )
  const base = fillGraph(workflow, { seed: 0 }, RUN).graph
  const fields = (graph: typeof base): Map<string, unknown> =>
    new Map(
      Object.entries(graph).flatMap(([id, { inputs }]) =>
        Object.entries(inputs).map(([key, item]) => [`${id}.${key}`, item]),
      ),
    )
  const set = new Map([
    ['3.seed', 'seed'],
    ['6.text', 'prompt'],
    ['7.text', 'negative_prompt'],
  ])
  fc.assert(
    fc.property(given, (values) => {
      const filled = fields(fillGraph(workflow, values as never, RUN).graph)
      assert.equal([...filled.keys()], [...fields(base).keys()])
      for (const [key, item] of fields(base)) {
        const name = set.get(key)
        if (name === undefined) assert.equal(filled.get(key), item, key)
        else assert.not(Array.isArray(filled.get(key)), key)
      }
    }),
  )
})

test('what inspect prints', async () => {
  const text = describeWorkflow(await read(stableDiffusion))
  assert.is(
    text,
    `mine

Inputs
  seed             number  drawn                         node 3 "KSampler", seed                   field seed
  width            number  default 512 from 16 to 16384  node 5 "Empty Latent Image", width        size of the latent
  height           number  default 512 from 16 to 16384  node 5 "Empty Latent Image", height       size of the latent
  prompt           string  default "a glass bottle"      node 6 "CLIP Text Encode (Prompt)", text  positive of node 3
  negative_prompt  string  default ""                    node 7 "CLIP Text Encode (Prompt)", text  negative of node 3

Outputs
  image  image  node 9 "Save Image"  save node

Left out; a sidecar can name them
  node 3 "KSampler" (KSampler): steps, cfg, sampler_name, scheduler: no rule names them
  node 4 "Load Checkpoint" (CheckpointLoaderSimple): ckpt_name: no rule names it
`,
  )
})

test('a choice that the server does not have is named with those that are near', async () => {
  const lacksOf = async (ckpt_name: string, list: unknown, sidecar?: object): Promise<string[]> => {
    const info = { input: { required: { ckpt_name: list } }, output: ['MODEL'] }
    const graph = { 4: node('CheckpointLoaderSimple', { ckpt_name }, 'Load') }
    const { missingChoices } = await readWorkflow({ name: 'mine', graph, sidecar }, async () => info)
    return missingChoices.map(({ message }) =>
      message.replace(`ckpt_name ${JSON.stringify(ckpt_name)} is not `, ''),
    )
  }
  const models = ['v1-5-pruned-emaonly.safetensors', 'SDXL/sd_xl_base_1.0.safetensors', 'flux.gguf', 'z.ckpt']
  const here = 'on this ComfyUI (node 4, "Load")'
  assert.equal(await lacksOf('z.ckpt', [models]), [])
  for (const list of [[models], ['COMBO', { options: models }]]) {
    assert.equal(await lacksOf('sd_xl_base_1.0.ckpt', list), [`${here}. Did you mean "${models[1]}"?`])
    assert.equal(await lacksOf('SDXL\\sd_xl_base_1.0.safetensors', list), [
      `${here}. Did you mean "${models[1]}"?`,
    ])
    assert.equal(await lacksOf('dreamshaper_8.safetensors', list), [
      `${here}. It has "${models[0]}", "${models[1]}", "flux.gguf" and 1 more`,
    ])
  }
  assert.equal(await lacksOf('ab', [['aa', 'ac']]), [`${here}. Did you mean "aa" or "ac"?`])
  assert.equal(await lacksOf('a.ckpt', [['only.ckpt']]), [`${here}. It has "only.ckpt"`])
  assert.equal(await lacksOf('a.ckpt', [[]]), [`${here}, which has no ckpt_name at all`])
  // The editor fills this list by itself.
  assert.equal(await lacksOf('a', ['COMBO', { options: [], remote: { route: '/x' } }]), [])
  assert.equal(await lacksOf('2', [[1, '2']]), [], 'of a list of two types, nothing is known')
  const given = (required: boolean) => ({ inputs: { model: { node: '4', input: 'ckpt_name', required } } })
  assert.is((await lacksOf('a.ckpt', [models], given(false))).length, 1)
  assert.equal(await lacksOf('a.ckpt', [models], given(true)), [], 'a caller sends another one')
})

test('a node that no output needs lacks nothing, as ComfyUI does not check it', async () => {
  const infos = {
    Load: { input: { required: { name: [['here']] } }, output: ['MODEL'], output_node: false },
    Pass: { input: { required: { model: ['MODEL'] } }, output: ['MODEL'], output_node: false },
    Save: { input: { required: { model: ['MODEL'] } }, output: [], output_node: true },
  }
  const graph = {
    1: node('Load', { name: 'left over' }),
    2: node('Pass', { model: ['1', 0] }),
    3: node('Load', { name: 'in use' }),
    4: node('Pass', { model: [3, 0] }),
    5: node('Save', { model: ['4', 0] }),
  }
  const ask = async (type: string) => infos[type as keyof typeof infos]
  const { missingChoices } = await readWorkflow({ name: 'mine', graph }, ask)
  assert.equal(pluck(missingChoices, 'message'), [
    'name "in use" is not on this ComfyUI (node 3, "Load"). It has "here"',
  ])
})

test('missing choices of many nodes: inputs are read once, and the first ten name what is near', async () => {
  const loader = node('CheckpointLoaderSimple', { ckpt_name: 'c.safetensors' })
  const nodes = Array.from({ length: 12 }, (_, id) => [
    [id, loader],
    [100 + id, node('PreviewImage', { images: [String(id), 0] })],
  ])
  const workflow = await read(Object.fromEntries(nodes.flat()))
  let reads = 0
  const inputs = new Map(workflow.inputs)
  inputs[Symbol.iterator] = () => {
    reads++
    return new Map(workflow.inputs)[Symbol.iterator]()
  }
  const missing = findMissingChoices([...workflow.nodes.values()], inputs)
  const near = missing.filter(({ message }) => message.includes('Did you mean'))
  assert.equal([reads, missing.length, near.length], [1, 12, 10])
})
