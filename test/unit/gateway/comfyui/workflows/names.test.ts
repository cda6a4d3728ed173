import { assert, suite } from '#test'
import { readWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/readWorkflow.ts'
import type { ClassInfo, ComfyWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/types.ts'
import { findInput } from '../../../../../packages/gateway/src/http/form/readInput.ts'

const test = suite('names of inputs')

const text = ['STRING', { multiline: true }]
const seed = ['INT', {}]
const size = { width: ['INT', {}], height: ['INT', {}] }
const conditioning = { positive: ['CONDITIONING'], negative: ['CONDITIONING'] }
const classOf = (required: object, output: string[] = [], more: object = {}): ClassInfo => ({
  input: { required: { ...required } },
  output,
  output_node: output.length === 0,
  ...more,
})
const classes: Record<string, ClassInfo> = {
  Encode: classOf({ text, clip: ['CLIP'] }, ['CONDITIONING'], { display_name: 'Encode a Text (Prompt)' }),
  EncodeTwo: classOf({ text_g: text, text_l: text }, ['CONDITIONING']),
  Sample: classOf({ ...conditioning, seed, latent: ['LATENT'] }, ['LATENT']),
  SampleMore: classOf({ ...conditioning, noise_seed: seed, add_noise: [['enable', 'disable']] }, ['LATENT']),
  Guide: classOf({ conditioning: ['CONDITIONING'] }, ['GUIDER']),
  Control: classOf({ ...conditioning, image: ['IMAGE'] }, ['CONDITIONING', 'CONDITIONING'], {
    output_name: ['positive', 'negative'],
  }),
  Combine: classOf({ a: ['CONDITIONING'], b: ['CONDITIONING'] }, ['CONDITIONING']),
  ConditioningZeroOut: classOf({ conditioning: ['CONDITIONING'] }, ['CONDITIONING']),
  Latent: classOf(size, ['LATENT']),
  Enlarge: classOf({ ...size, samples: ['LATENT'] }, ['LATENT']),
  Words: classOf({ value: ['STRING', {}] }, ['STRING']),
  Join: classOf({ string_a: text, string_b: text, delimiter: ['STRING', {}] }, ['STRING']),
  Load: classOf({ image: [['a.png'], { image_upload: true }] }, ['IMAGE']),
  LoadLatent: classOf({ latent: [[]] }, ['LATENT']),
  Partner: classOf(
    {
      prompt: text,
      negative_prompt: text,
      ratio: [['16:9', '1:1']],
      duration: ['INT', {}],
      seed,
      style: text,
    },
    ['VIDEO'],
    { api_node: true },
  ),
  Service: classOf(
    {
      model: [
        'COMFY_DYNAMICCOMBO_V3',
        { options: [{ key: 'a', inputs: { required: { prompt_text: text, Seed: seed } } }] },
      ],
    },
    ['VIDEO'],
    { api_node: true },
  ),
}
type Entry = [type: string, inputs?: Record<string, unknown>, title?: string]

const read = (nodes: Record<string, Entry>): Promise<ComfyWorkflow> => {
  const entries = Object.entries(nodes).map(([id, [class_type, inputs = {}, title]]) => {
    return [id, { class_type, inputs, ...(title !== undefined && { _meta: { title } }) }] as const
  })
  return readWorkflow({ name: 'mine', graph: Object.fromEntries(entries) }, async (type) => classes[type])
}

const from = (id: number, output = 0): [string, number] => [String(id), output]
const both = (positive: unknown, negative: unknown) => ({ positive, negative, seed: 1 })
const sampler = both(from(6), from(7))
const texts: Record<string, Entry> = { 6: ['Encode', { text: 'a' }], 7: ['Encode', { text: 'b' }] }

const cases: [what: string, nodes: Record<string, Entry>, expected: string[]][] = [
  [
    'a prompt and a negative one',
    { 3: ['Sample', sampler], ...texts },
    ['seed', 'prompt', 'negative_prompt'],
  ],
  [
    'a text that is both is positive',
    { 3: ['Sample', both(from(6), from(6))], 6: texts['6']! },
    ['seed', 'prompt'],
  ],
  [
    'two of each',
    {
      3: ['Sample', sampler],
      4: ['Sample', both(from(8), from(9))],
      ...texts,
      8: ['Encode', { text: 'c' }],
      9: ['Encode', { text: 'd' }],
    },
    ['seed_3', 'seed_4', 'prompt_6', 'negative_prompt_7', 'prompt_8', 'negative_prompt_9'],
  ],
  [
    'an encoder with two texts',
    {
      3: ['Sample', both(from(6), from(7))],
      6: ['EncodeTwo', { text_g: 'a', text_l: 'b' }],
      7: texts['7']!,
    },
    ['seed', 'prompt_text_g', 'prompt_text_l', 'negative_prompt'],
  ],
  [
    'nothing behind a zero',
    {
      3: ['Sample', both(from(6), from(8))],
      6: texts['6']!,
      8: ['ConditioningZeroOut', { conditioning: from(6) }],
    },
    ['seed', 'prompt'],
  ],
  [
    'an output leads to the input of its name, else to all',
    {
      3: ['Sample', both(from(4, 0), from(4, 1))],
      4: ['Control', { ...sampler, image: from(9) }],
      5: ['Combine', { a: from(6), b: from(8) }],
      ...texts,
      8: ['Encode', { text: 'c' }],
      9: ['Load', { image: 'a.png' }],
      10: ['Guide', { conditioning: from(5) }],
    },
    ['seed', 'prompt_6', 'negative_prompt', 'prompt_8', 'image'],
  ],
  [
    'texts that come by links',
    {
      3: ['Sample', sampler],
      6: ['Encode', { text: from(8) }],
      7: ['Encode', { text: from(9) }],
      8: ['Words', { value: 'a' }],
      9: ['Join', { string_a: 'b', string_b: from(10), delimiter: ',' }],
      10: ['Words', { value: 'c' }, 'Style'],
    },
    ['seed', 'prompt', 'negative_prompt', 'style'],
  ],
  ['an encoder that nothing uses', { 6: texts['6']! }, ['text_6']],
  [
    'a sampler that adds no noise has no seed',
    {
      3: ['SampleMore', { noise_seed: 1, add_noise: 'enable' }],
      4: ['SampleMore', { noise_seed: 2, add_noise: 'disable' }],
    },
    ['seed'],
  ],
  [
    'the size of one latent',
    { 5: ['Latent', { width: 8, height: 8 }], 6: ['Enlarge', { width: 9, height: 9, samples: from(5) }] },
    ['width', 'height'],
  ],
  ['no size of two', { 5: ['Latent', { width: 8, height: 8 }], 6: ['Latent', { width: 9, height: 9 }] }, []],
  [
    'no size that is linked',
    { 5: ['Latent', { width: 8, height: from(4) }], 4: ['Words', { value: 'x' }] },
    [],
  ],
  [
    'two loaders',
    { 1: ['Load', { image: 'a.png' }], 2: ['Load', { image: 'a.png' }] },
    ['image_1', 'image_2'],
  ],
  [
    'titles that are the name of the class',
    {
      3: ['Sample', sampler, 'Sample (main)'],
      6: ['Encode', { text: 'a' }, 'Encode a Text (Positive)'],
      7: ['Encode', { text: 'b' }, 'encode'],
    },
    ['seed', 'prompt', 'negative_prompt'],
  ],
  [
    'titles that say the role, and one that says more',
    {
      3: ['Sample', sampler],
      6: ['Encode', { text: 'a' }, 'Positive Prompt'],
      7: ['Encode', { text: 'b' }, 'What to leave out'],
    },
    ['seed', 'prompt', 'what_to_leave_out'],
  ],
  [
    'equal titles of nodes whose ids read the same',
    { '1:2': ['Words', { value: 'a' }, 'Style'], '1.2': ['Words', { value: 'b' }, 'Style'] },
    ['style_1_2_1_2', 'style_1_2_1_2_2'],
  ],
  [
    'titles in four scripts, and one without a letter',
    {
      1: ['Words', { value: 'a' }, '提示词'],
      2: ['Words', { value: 'b' }, 'Größe'],
      3: ['Words', { value: 'c' }, 'Фон 2'],
      4: ['Words', { value: 'd' }, 'プロンプト（強い）'],
      5: ['Words', { value: 'e' }, '🎲'],
    },
    ['提示词', 'größe', 'фон_2', 'プロンプト_強い', 'text_5'],
  ],
]
const partner = { prompt: 'a', negative_prompt: '', ratio: '1:1', duration: 5, seed: 1, style: '' }
cases.push(
  [
    'fields of a partner node have their own names',
    { 3: ['Partner', partner, 'My film'] },
    ['seed', 'prompt', 'negative_prompt', 'aspect_ratio', 'duration'],
  ],
  [
    'fields of a choice of a partner node',
    { 3: ['Service', { model: 'a', 'model.prompt_text': 'b', 'model.Seed': 1 }] },
    ['prompt', 'seed'],
  ],
  [
    'a prompt of a partner node that comes by a link',
    { 3: ['Partner', { ...partner, prompt: from(5) }], 5: ['Words', { value: 'a' }] },
    ['seed', 'negative_prompt', 'aspect_ratio', 'duration', 'prompt'],
  ],
  [
    'two partner nodes',
    { 3: ['Service', { model: 'a', 'model.prompt_text': 'b' }], 4: ['Partner', partner] },
    ['prompt_3', 'seed_3', 'seed', 'prompt_4', 'negative_prompt', 'aspect_ratio', 'duration'],
  ],
  [
    'a partner node beside a prompt that had its name before',
    {
      2: ['Service', { model: 'a', 'model.prompt_text': 'b' }],
      3: ['Sample', sampler],
      ...texts,
    },
    ['prompt_2', 'seed_2', 'seed', 'prompt', 'negative_prompt'],
  ],
  ['a file that has no upload in ComfyUI', { 1: ['LoadLatent', { latent: 'a.latent' }] }, ['file']],
  [
    'titles that ComfyUI gives in other languages',
    {
      1: ['Load', { image: 'a.png' }, '加载图像'],
      3: ['Sample', sampler, 'K采样器'],
      6: ['Encode', { text: 'a' }, 'CLIP文本编码器'],
      7: ['Encode', { text: 'b' }, 'CLIPテキストエンコード（プロンプト）'],
    },
    ['image', 'seed', 'prompt', 'negative_prompt'],
  ],
)
for (const [what, nodes, expected] of cases) {
  test(what, async () => {
    assert.equal([...(await read(nodes)).inputs.keys()], expected)
  })
}

test('what each input is for', async () => {
  const { inputs } = await read({
    1: ['Load', { image: 'a.png' }, 'Face'],
    2: ['Load', { image: 'b.png' }, 'The mask'],
    3: ['Sample', { ...sampler, latent: from(5) }],
    5: ['Latent', { width: 8, height: 8 }],
    6: ['Encode', { text: 'a' }, 'Sky'],
    7: ['Encode', { text: 'b' }, 'Clouds'],
    8: ['Words', { value: 'c' }, 'Greeting'],
  })
  assert.equal(
    [...inputs].map(([name, { role }]) => [name, role]),
    [
      ['face', 'image'],
      ['the_mask', 'mask'],
      ['seed', 'seed'],
      ['width', 'width'],
      ['height', 'height'],
      ['sky', 'prompt'],
      ['clouds', 'negative_prompt'],
      ['greeting', undefined],
    ],
  )
})

test('an earlier name keeps its meaning where a role would take it', async () => {
  const { listing } = await read({
    3: ['Sample', sampler],
    6: ['Encode', { text: 'a' }, 'Negative prompt'],
    7: ['Encode', { text: 'b' }],
  })
  assert.equal([...listing.inputs.keys()], ['seed', 'prompt', 'negative_prompt_7'])
  assert.is(findInput(listing, 'negative_prompt')?.name, 'prompt')
})

test('the names of earlier versions are taken, and not listed', async () => {
  const { listing } = await read({
    3: ['Sample', sampler],
    6: ['Encode', { text: 'a' }, 'Positive Prompt'],
    7: ['Encode', { text: 'b' }],
    8: ['Words', { value: 'c' }, 'Größe'],
    9: ['Words', { value: 'd' }],
    // Earlier versions had no input for a size.
    10: ['Latent', { width: 8, height: 8 }],
    11: ['Load', { image: 'a.png' }, '加载图像'],
  })
  const nameOf = (key: string): string | undefined => findInput(listing, key)?.name
  assert.equal(
    [
      'seed_3',
      'positive_prompt',
      'text_7',
      'gro_e',
      'prompt',
      'text_9',
      'width_10',
      '加载图像',
      'image_11',
    ].map(nameOf),
    ['seed', 'prompt', 'negative_prompt', 'größe', 'prompt', undefined, undefined, 'image', 'image'],
  )
})
