// The facts about classes: also about those that ComfyUI replaces.
import { assert, suite } from '#test'
import { createClasses } from '../../../../../packages/gateway/src/comfyui/api/classes.ts'
import { NoAnswer } from '../../../../../packages/gateway/src/comfyui/api/client.ts'
import { readGraph } from '../../../../../packages/gateway/src/comfyui/chooseGraph.ts'
import { rejection } from '../../../../support/fakes.ts'
import { links, node, saved } from '../editor/kit.ts'

const test = suite('the classes of a ComfyUI')

const image = ['IMAGE']
const size = ['INT', { default: 8, min: 1 }]
const New = {
  input: { required: { image, size }, optional: { mask: ['MASK'], group: ['COMFY_AUTOGROW_V3', {}] } },
}
const classes: Record<string, unknown> = {
  New,
  Load: {},
  Save: { input: { required: { image } }, output_node: true },
}

const readerOf = (table: unknown, status = 200) =>
  createClasses({
    read: async (path) => {
      const type = decodeURIComponent(path.slice('/object_info/'.length))
      return Object.hasOwn(classes, type) ? { [type]: classes[type] } : {}
    },
    send: async () => ({ status, text: typeof table === 'string' ? table : JSON.stringify(table) }),
    isAway: () => false,
    hasKey: () => false,
  })()

const to = (new_node_id: unknown, input_mapping: unknown, old_widget_ids?: unknown) => ({
  Old: [{ new_node_id, input_mapping, old_widget_ids }],
})
const mapping = [
  { new_id: 'size', old_id: 'edge' },
  { new_id: 'image', old_id: 'images' },
  { new_id: 'mask', old_id: 'mask' },
  { new_id: 'group.a', old_id: 'more' },
  { new_id: 'mode', set_value: 'x' },
  null,
]
const required = { images: image, edge: size }
for (const [what, table, status, expected] of [
  [
    'with its old inputs',
    to('New', mapping, ['edge']),
    200,
    { required, optional: { mask: ['MASK'], more: ['*'] } },
  ],
  ['without a mapping', to('New', null), 200, New.input],
  ['without a mapping that can be read', to('New', 'x'), 200, New.input],
  ['by a class that is missing, too', to('Newer', mapping), 200, undefined],
  ['by nothing', { Old: [] }, 200, undefined],
  ['by no name', to(7, mapping), 200, undefined],
  ['another class', { Other: to('New', null).Old }, 200, undefined],
  ['in an older ComfyUI', to('New', mapping), 404, undefined],
  ['nonsense', '<html>', 200, undefined],
] as const) {
  test(`a class that is replaced: ${what}`, async () => {
    const info = await readerOf(table, status)('Old')
    assert.equal(info?.input, expected)
    if (what === 'with its old inputs')
      assert.equal(Object.keys(Object(info?.input?.required)), ['images', 'edge'])
  })
}

test('names of every object are no replaced classes', async () => {
  for (const type of ['constructor', '__proto__', 'toString'])
    assert.is(await readerOf(to('New', null))(type), undefined)
})

test('a file of the editor with a class that is replaced keeps its values and links', async () => {
  const graph = saved(
    node(1, 'Save', [], { image: 1 }),
    [node(2, 'Old', [64], { images: 2, more: 3 }), node(3, 'New', [9], { image: 4 }), node(4, 'Load', [])],
    links([2, 0, 1], [3, 0, 2], [3, 0, 2], [4, 0, 3]),
  )
  const conversion = await readGraph({ name: 'a', graph }, readerOf(to('New', mapping, ['edge'])))
  assert.equal((conversion as any).problems, undefined)
  const { class_type, inputs } = (conversion as any).graph['2']
  assert.equal([class_type, inputs], ['Old', { images: ['3', 0], edge: 64, more: ['3', 0] }])
})

test('an answer that does not come is no missing class', async () => {
  const away = async () => {
    throw new NoAnswer('away')
  }
  const read = createClasses({
    read: async () => ({}),
    send: away,
    isAway: () => false,
    hasKey: () => false,
  })()
  assert.instance(await rejection(read('Old')), NoAnswer)
})
