import { assert, suite } from '#test'
import { fillGraph } from '../../../../../packages/gateway/src/comfyui/workflows/fillGraph.ts'
import { readWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/readWorkflow.ts'
import type { ClassInfo, ComfyWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/types.ts'

const test = suite('outputs of workflows')

const prefix = ['STRING', {}]
const classOf = (required: object): ClassInfo => ({ input: { required: { ...required } }, output_node: true })
const classes: Record<string, ClassInfo> = {
  PreviewImage: classOf({ images: ['IMAGE'] }),
  PreviewAudio: classOf({ audio: ['AUDIO'] }),
  PreviewAny: classOf({ source: ['*', {}] }),
  ShowText: { ...classOf({ text: ['STRING', { forceInput: true }] }), output: ['STRING'] },
  SaveSound: classOf({ sound: ['AUDIO'], filename_prefix: prefix }),
  SaveText: classOf({ text: ['STRING', {}], filename_prefix: prefix }),
  SaveImage: classOf({ images: ['IMAGE'], filename_prefix: prefix }),
  SaveGLB: classOf({ mesh: ['MESH'], filename_prefix: prefix }),
  Preview3D: classOf({ model_file: ['STRING', {}] }),
  MaskPreview: { ...classOf({ mask: ['MASK'] }), output: ['MASK'] },
  TextTo3D: classOf({ prompt: ['STRING', {}] }),
  SaveModel: classOf({ model: ['MODEL'], filename_prefix: prefix }),
}
const link = ['1', 0]
type Entry = readonly [type: string, inputs: Record<string, unknown>, title?: string]

function read(nodes: Record<string, Entry>, sidecar?: unknown): Promise<ComfyWorkflow> {
  const entries = Object.entries({ 1: ['Make', {}] as Entry, ...nodes }).map(
    ([id, [class_type, inputs, title]]) => {
      return [id, { class_type, inputs, ...(title !== undefined && { _meta: { title } }) }] as const
    },
  )
  const file = { name: 'mine', graph: Object.fromEntries(entries), ...(sidecar !== undefined && { sidecar }) }
  return readWorkflow(file, async (type) => classes[type])
}

const any = ['PreviewAny', { source: link }] as const
const picture = ['PreviewImage', { images: link }] as const
const saved = ['SaveImage', { images: link, filename_prefix: 'x' }] as const
const saveModel = ['SaveGLB', { mesh: link, filename_prefix: 'x' }] as const
const cases: [what: string, nodes: Record<string, Entry>, expected: Record<string, string>][] = [
  ['a text that is shown', { 2: any }, { text: 'string' }],
  ['a text by its title', { 2: [...any, '答え'] }, { 答え: 'string' }],
  ['a node that shows a text and passes it on', { 2: ['ShowText', { text: link }] }, { text: 'string' }],
  ['previews', { 2: picture, 3: ['PreviewAudio', { audio: link }] }, { image: 'image', audio: 'audio' }],
  ['what is saved counts, if there is any', { 2: any, 3: picture, 4: saved }, { image: 'image' }],
  [
    'a text that is saved is one output',
    { 2: ['SaveText', { text: link, filename_prefix: 'x' }] },
    { file: 'file' },
  ],
  ['a text that nobody links is what a node takes', { 2: ['TextTo3D', { prompt: 'a chair' }] }, {}],
  ['a sound', { 2: ['SaveSound', { sound: link, filename_prefix: 'x' }] }, { audio: 'audio' }],
  [
    'two of a kind',
    { 2: saved, 3: saved, 4: saveModel },
    { image_2: 'image', image_3: 'image', file: 'file' },
  ],
  [
    'one beside a title that says the kind',
    { 2: saved, 3: [...saved, 'Image'] },
    { image_2: 'image', image: 'image' },
  ],
  ['a model that is shown', { 2: ['Preview3D', { model_file: link }] }, { file: 'file' }],
  ['a model of ComfyUI that is shown', { 2: ['Preview3D', { model_file: 'a.glb' }] }, {}],
  ['a model that is saved, too', { 2: ['Preview3D', { model_file: link }], 3: saveModel }, { file: 'file' }],
  ['a mask that is shown', { 2: ['MaskPreview', { mask: link }] }, { image: 'image' }],
  ['a title of ComfyUI in another language', { 2: [...saved, '保存图像'] }, { image: 'image' }],
  ['none', { 2: ['SaveModel', { model: link, filename_prefix: 'x' }] }, {}],
]
for (const [what, nodes, expected] of cases) {
  test(what, async () => {
    const { listing, notes } = await read(nodes)
    assert.equal(Object.fromEntries(listing.outputs), expected)
    assert.is(notes.length, listing.outputs.size > 0 ? 0 : 1)
  })
}

test('a sidecar names texts and previews beside what is saved', async () => {
  const outputs = { words: { node: '2' }, look: { node: '3' } }
  const { listing } = await read({ 2: any, 3: picture, 4: saved }, { outputs })
  assert.equal(Object.fromEntries(listing.outputs), { words: 'string', look: 'image' })
  assert.equal((await read({ 4: saved }, { outputs: {} })).notes, [])
})

test('the run saves a preview that is an output', async () => {
  const run = '1a2b3c4d-0000-4000-8000-000000000000'
  const graphOf = async (nodes: Record<string, Entry>) => fillGraph(await read(nodes), {}, run).graph
  const { class_type, inputs } = (await graphOf({ 2: picture }))['2']!
  assert.equal([class_type, inputs], ['SaveImage', { images: link, filename_prefix: 'ComfyUI_1a2b3c4d' }])
  const beside = (await graphOf({ 2: picture, 3: saved }))['2']!
  assert.equal([beside.class_type, beside.inputs], ['PreviewImage', { images: link }])
})
