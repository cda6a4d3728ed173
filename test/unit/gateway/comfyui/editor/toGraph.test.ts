import { assert, said, suite } from '#test'
import { toGraph, typesOf } from '../../../../../packages/gateway/src/comfyui/editor/toGraph.ts'
import { classes, links, node, saved } from './kit.ts'

const test = suite('files of the editor')
const LARGE = '18446744073709551615'

/** The inputs of each node, or the problems. */
function convert(file: unknown): Record<string, unknown> | readonly string[] {
  const converted = toGraph(file, classes)
  if ('problems' in converted) return converted.problems
  const entries = Object.entries(converted.graph).map(([id, { inputs }]) => [id, inputs])
  return Object.fromEntries(entries)
}

function notesOf(file: unknown): readonly string[] {
  const converted = toGraph(file, classes)
  return 'notes' in converted ? converted.notes : []
}

function refuses(file: unknown, named: RegExp): void {
  const converted = toGraph(file, classes)
  assert.ok('problems' in converted, JSON.stringify(converted))
  for (const problem of converted.problems) said(problem)
  assert.ok(converted.problems.some((problem) => named.test(problem)))
}

const byName = { steps: 3, seed: 1, size: 2 }
const controls = ['fixed', 'increment', 'increment-wrap', 'decrement', 'randomize']
const values: [rule: string, type: string, values: unknown, inputs: object, notes: number, more?: object][] =
  [
    ...controls.map((control): (typeof values)[number] => [
      `${control} after a seed`,
      'Make',
      [7, control, 30, 2],
      { seed: 7, steps: 30, size: 2 },
      0,
    ]),
    ['a control that is true', 'Make', [7, true, 30, 2], { seed: 7, steps: 30, size: 2 }, 0],
    ['no control after a seed', 'Make', [7, 30, 2.5], { seed: 7, steps: 30, size: 2.5 }, 0],
    ['a seed above 2^53', 'Make', [LARGE, 'fixed', 30, 2], { seed: LARGE, steps: 30, size: 2 }, 0],
    ['an upload and its button', 'Load', ['x.png', 'image'], { image: 'x.png' }, 0],
    ['a field of several kinds', 'Math', [1, 0.5], { a: 1, b: 0.5 }, 0],
    ['input_order', 'Ordered', ['text', 5], { a: 'text', b: 5 }, 0],
    ['values as an object', 'Make', { ...byName, videopreview: {} }, byName, 0],
    ['values by name', 'Make', undefined, byName, 0, { widgets_values_named: { ...byName, other: 4 } }],
    [
      'values by name beside the same list',
      'Make',
      [1, 'fixed', 3, 2],
      byName,
      0,
      { widgets_values_named: byName },
    ],
    ['fields of a choice', 'Film', ['mp4', 18, 2], { format: 'mp4', 'format.crf': 18, loops: 2 }, 0],
    ['a choice without fields', 'Film', ['gif', 2], { format: 'gif', loops: 2 }, 0],
    ['an object', 'Box', [{ x: 1 }], { box: { x: 1 } }, 0],
    ['a list', 'Tags', [['a', 'b']], { tags: { __value__: ['a', 'b'] } }, 0],
    ['a model that is not there', 'Pick', ['plain', 'b.pt'], { style: 'plain', model: 'b.pt' }, 1],
    ['a model of a folder without models', 'Empty', ['x.pt'], { name: 'x.pt', kind: 'default' }, 2],
    ['values at the end without a field', 'Flag', [true, 5], { on: true }, 1],
    ['a required field without a value', 'Make', [7, 'fixed', 30], { seed: 7, steps: 30, size: 1.5 }, 1],
    ['a required text without a value', 'Text', [], { text: '' }, 1],
    ['a comment in a prompt', 'Text', ['a cat /* no */ \\{b\\}// or dog'], { text: 'a cat  {b}' }, 0],
    ['choices in a prompt', 'Text', ['a {red|blue} cat'], { text: 'a {red|blue} cat' }, 1],
    ['a class that ends in a space', 'Spaced ', undefined, {}, 0],
  ]
for (const [rule, type, list, inputs, count, more] of values) {
  test(`values: ${rule}`, () => {
    const file = saved(node(1, type, list, {}, more))
    assert.equal((convert(file) as any)['1'], inputs)
    const notes = notesOf(file)
    for (const note of notes) said(note)
    assert.is(notes.length, count)
  })
}

const misfits: [rule: string, type: string, values: unknown, more?: object | RegExp][] = [
  ['a text for a number', 'Make', [7, 'fixed', '30', 2]],
  ['a fraction for a whole number', 'Make', [7, 'fixed', 3.5, 2]],
  ['a number below the least', 'Make', [7, 'fixed', 0, 2]],
  ['a choice that is none', 'Pick', ['square', 'a.pt']],
  ['a word for a control', 'Make', [7, 'sometimes', 30, 2]],
  ['a number above the most', 'Make', ['18446744073709559999', 'fixed', 3, 2]],
  ['null', 'Flag', [null]],
  ['a word for a file where values are missing', 'Empty', ['default']],
  ['a value that a script of the node reads', 'Flag', [true, { lora: 'x' }]],
  ['a value that only the editor makes', 'Camera', [''], /only the editor/],
  ['a picture that only the editor paints', 'Paint', [''], /only the editor/],
  ['no value where there is no choice', 'Empty', undefined, /name has no value/],
  ['a list that can be read in two ways', 'Noise', [7, true]],
  ['a list beside other values by name', 'Make', [1, 'fixed', 3, 2], { widgets_values_named: { steps: 4 } }],
  [
    'a value by name, where a link has to be',
    'Forced',
    undefined,
    { widgets_values_named: { first: 'a', second: 'b', third: 3 } },
  ],
  ['a class that is not there', 'Gone', [1]],
  ['a group node', 'workflow>Mine', [1], /group node/],
]
for (const [rule, type, list, more] of misfits) {
  test(`a problem: ${rule}`, () => {
    const named = more instanceof RegExp ? { title: 'Mine' } : { title: 'Mine', ...more }
    const expected = new RegExp(`^node 1 "Mine".*${more instanceof RegExp ? more.source : ''}`)
    refuses(saved(node(1, type, list, {}, named)), expected)
  })
}

test('inputs for links only had a value before 1.16', () => {
  const linked = { first: 1 }
  const file = (list: unknown[], version?: string): any => ({
    ...saved(node(1, 'Forced', list, linked), [node(2, 'Text', ['t'])], links([2, 0, 1])),
    extra: { frontendVersion: version },
  })
  const expected = { first: ['2', 0], second: 'b', third: 3 }
  assert.equal((convert(file(['', 'b', 3])) as any)['1'], expected)
  assert.equal((convert(file(['b', 3], '1.20.0')) as any)['1'], expected)
  const both = (version?: string): any => ({
    ...saved(node(1, 'Twins', ['a', 'b'], linked), [node(2, 'Text', ['t'])], links([2, 0, 1])),
    extra: { frontendVersion: version },
  })
  refuses(both(), /can be read as/)
  assert.equal((convert(both('1.16.0')) as any)['1'], { first: ['2', 0], second: 'a' })
})

test('a converted field keeps its place, and its link wins', () => {
  const first = node(1, 'Make', [7, 'fixed', 30, 2], { 'steps*': 1 })
  assert.equal((convert(saved(first, [node(2, 'Math', [1, 2])], links([2, 1, 1]))) as any)['1'], {
    steps: ['2', 1],
    seed: 7,
    size: 2,
  })
})

const prefixes: [what: string, prefix: string, expected: string, notes: number][] = [
  ['by the name for searches', '%Seed.steps%/%Make.seed%', '30/8', 0],
  ['by a title', '%Words.text%', 'a_b_c', 0],
  ['by the class', '%Flag.on%', 'true', 0],
  ['of a muted node', '%Off.text%', 'off', 0],
  ['of a primitive', '%Primitive.value%', '3', 0],
  ['where a link wins', '%Linked.text%', 'own', 0],
  ['what the server fills', '%width%_%year%', '%width%_%year%', 0],
  ['what is not there', '%Gone.text%_%Words.gone%_%Words.text%', '%Gone.text%_%Words.gone%_a_b_c', 2],
  ['a date', '%date:yyyy%', '%date:yyyy%', 1],
]
for (const [what, prefix, expected, count] of prefixes) {
  test(`a name of files with %…%: ${what}`, () => {
    const search = { properties: { 'Node name for S&R': 'Seed' } }
    const file = saved(
      node(1, 'Make', [7, 'fixed', 30, 2], {}, search),
      [
        node(2, 'Text', ['a/b?c'], {}, { title: 'Words' }),
        node(3, 'Text', ['off'], {}, { title: 'Off', mode: 2 }),
        node(4, 'PrimitiveNode', [3, 'fixed'], {}, { title: 'Primitive' }),
        node(5, 'Text', ['own'], { 'text*': 1 }, { title: 'Linked' }),
        node(6, 'Make', [8, 'fixed', 31, 2], {}, { title: 'Seed' }),
        node(7, 'Flag', [true]),
      ],
      links([2, 0, 5]),
    )
    file.nodes[1] = node(9, 'SaveImage', [prefix], { images: 90 })
    assert.is((convert(file) as any)['9'].filename_prefix, expected)
    const notes = notesOf(file)
    for (const note of notes) said(note)
    assert.is(notes.length, count)
  })
}

test('of two nodes with one id, the last counts, but one with a link before it', () => {
  const flag = (on: boolean, inputs = {}): any => node(2, 'Flag', [on], inputs)
  const file = (...twins: any[]): any =>
    saved(node(1, 'Blend', undefined, { one: 1, other: 2 }), twins, links([2, 0, 1], [2, 0, 1], [7, 0, 2]))
  const onOf = (...twins: any[]): unknown => (convert(file(...twins, node(7, 'Flag', [true]))) as any)['2'].on
  assert.is(onOf(flag(true), flag(false)), false)
  assert.is(onOf(flag(true, { more: 3 }), flag(false)), true)
  assert.is(onOf(flag(true), flag(false, { more: 3 })), true)
  const [note] = notesOf(file(flag(true), flag(false)))
  said(note!)
})

test('a primitive fills several fields, also through reroutes, and vanishes with notes', () => {
  const first = node(1, 'Make', [7, 'fixed', 30, 2], { 'steps*': 2, 'seed*': 3 })
  const others = [
    node(2, 'PrimitiveNode', [12, 'fixed']),
    node(3, 'Reroute', undefined, { '': 1 }),
    node(4, 'Note', ['hello']),
    node(5, 'MarkdownNote', ['hello']),
  ]
  const graph = convert(saved(first, others, links([2, 0, 3], [3, 0, 1], [2, 0, 1])))
  assert.equal(graph, {
    1: { steps: 12, seed: 12, size: 2 },
    9: { images: ['1', 0], filename_prefix: 'ComfyUI' },
  })
  others[0].widgets_values = []
  refuses(saved(first, others, links([2, 0, 3], [3, 0, 1], [2, 0, 1])), /^node 1 /)
})

const settersOf = (setName: unknown, getName: unknown): any => {
  const inputs = { one: 1, other: 4 }
  const set = node(2, 'SetNode', [setName], { IMAGE: 2 }, { title: 'Set_base' })
  const get = node(3, 'GetNode', [getName], {}, { title: 'Get_base' })
  const others = [set, get, node(4, 'Flag', [true]), node(5, 'Reroute (rgthree)', undefined, { '': 3 })]
  const all = links([5, 0, 1], [4, 1, 2], [3, 0, 5], [2, 0, 1])
  return saved(node(1, 'Blend', undefined, inputs), others, all)
}

test('a GetNode stands for the input of the SetNode with its name, also through reroutes of rgthree', () => {
  const whole = { one: ['4', 1], other: ['4', 1] }
  const file = settersOf('base', 'base')
  assert.equal([(convert(file) as any)['1'], notesOf(file)], [whole, []])
  assert.equal(typesOf(file), ['Blend', 'Save', 'Flag'])
  // Of several with the name, the editor takes the first. It doesn't look at the mode of a SetNode.
  file.nodes[2].mode = 2
  file.nodes.push(node(6, 'SetNode', ['base'], { IMAGE: null }), node(7, 'Fast Muter (rgthree)', undefined))
  assert.equal([(convert(file) as any)['1'], notesOf(file)], [whole, []])
  const unnamed: [unknown, unknown][] = [
    ['base', 'other'],
    ['', ''],
    [{ toString: 1 }, null],
  ]
  for (const [set, get] of unnamed)
    refuses(settersOf(set, get), /^node 1 .*one: .*node 3 "Get_base" .*Add one/)
  const unset = settersOf('base', 'base')
  unset.nodes[2].inputs[0].link = null
  refuses(unset, /one needs a link/)
})

test('a bypassed node passes on the input beside its output, else one of its type', () => {
  const blend = node(2, 'Blend', undefined, { one: 1, other: 2 }, { mode: 4 })
  const others = [blend, node(3, 'Flag', [true]), node(4, 'Flag', [false])]
  const flags = { 3: { on: true }, 4: { on: false } }
  const file = (output: number): any => ({
    ...saved(node(1, 'Switch', undefined, { on_true: 3 }), others, [
      [1, 3, 0, 2, 0, 'IMAGE'],
      [2, 4, 0, 2, 1, 'IMAGE'],
      [3, 2, output, 1, 0, 'IMAGE'],
    ]),
  })
  const nodes = (source: string): object => ({
    ...flags,
    1: { on_true: [source, 0] },
    9: { images: ['1', 0], filename_prefix: 'ComfyUI' },
  })
  assert.equal(convert(file(1)), nodes('4'))
  blend.inputs[1].type = 'MASK'
  assert.equal(convert(file(1)), nodes('3'))
  // Newer editors take one kind for several, older ones don't.
  blend.inputs[0].type = 'IMAGE,MASK'
  refuses(file(0), /bypass/)
  assert.equal(convert({ ...file(0), extra: { frontendVersion: '1.28.1' } }), nodes('3'))
  // An input of any type takes the one beside the output.
  others[0].inputs[1].type = 'MASK'
  const any = { ...file(1), extra: { frontendVersion: '1.28.1' } }
  any.nodes[0].inputs[0].type = '*'
  assert.equal(convert(any), nodes('4'))
})

test('a muted node gives nothing', () => {
  const first = node(1, 'Make', [7, 'fixed', 30, 2], { 'steps*': 1 })
  refuses(saved(first, [node(2, 'Math', [1, 2], {}, { mode: 2 })], links([2, 0, 1])), /steps .* muted node 2/)
  const maybe = node(1, 'Maybe', [7], { mask: 1, 'steps*': 2 })
  const file = saved(maybe, [node(2, 'Math', [1, 2], {}, { mode: 2 })], links([2, 0, 1], [2, 0, 1]))
  assert.equal([(convert(file) as any)['1'], notesOf(file)], [{}, []])
  const optional = saved(node(1, 'Flag', [true]))
  optional.nodes.push(node(8, 'Save', ['x'], { images: 91 }, { mode: 2 }))
  assert.equal(Object.keys(convert(optional)), ['1', '9'])
})

test('only what an output needs must be whole', () => {
  const side = [node(2, 'Gone', [1]), node(3, 'Blend', undefined), node(4, 'Flag', ['wrong'])]
  const file = saved(node(1, 'Flag', [true]), side)
  assert.equal(Object.keys(convert(file)), ['1', '3', '9'])
  for (const note of notesOf(file)) said(note)
  assert.is(notesOf(file).length, 2)
  // An output without a link is left out if there is another.
  file.nodes.push(node(5, 'Save', ['x'], { images: null }))
  assert.equal(Object.keys(convert(file)), ['1', '3', '9'])
  file.nodes[1].inputs[0].link = null
  refuses(file, /^node 9 .* needs a link/)
  // A class that is not there may be an output.
  const unknown = saved(node(1, 'Flag', [true]), [node(2, 'Gone', [1], { images: 1 })], links([1, 0, 2]))
  refuses(unknown, /^node 2 /)
})

test('a link to nowhere, to another node or in a circle is a problem of its node', () => {
  const blend = (one: number): any => node(1, 'Switch', undefined, { on_true: one })
  refuses(saved(blend(77)), /link 77/)
  refuses(saved(blend(1), [], links([5, 0, 1])), /node 5/)
  refuses(saved(blend(1), [node(2, 'Flag', [true])], links([2, 0, 9])), /leads to node 9/)
  const unnumbered = saved(blend(1), [node(2, 'Flag', [true])], links([2, null as never, 1]))
  refuses(unnumbered, /link 1 does not exist/)
  refuses(saved(blend(1), [node(2, 'Flag', [true])], links([2, 2, 1])), /node 2 .* output 2/)
  refuses(saved(blend(1), [node(2, 'Note', [''])], links([2, 0, 1])), /needs a link/)
  const circle = [node(2, 'Reroute', undefined, { '': 2 }), node(3, 'Reroute', undefined, { '': 3 })]
  refuses(saved(blend(1), circle, links([2, 0, 1], [3, 0, 2], [2, 0, 3])), /circle/)
  const names = [node(2, 'SetNode', ['a'], { '*': 2 }), node(3, 'GetNode', ['a'])]
  refuses(saved(blend(1), names, links([3, 0, 1], [3, 0, 2])), /circle/)
})

test('a group of inputs needs its least', () => {
  const batch = (inputs: any): any =>
    saved(node(1, 'Batch', undefined, inputs), [node(2, 'Flag', [true])], links([2, 0, 1], [2, 0, 1]))
  assert.equal(
    (convert(batch({ 'images.image0': 1, 'images.image1': 2, 'images.image2': null })) as any)['1'],
    {
      'images.image0': ['2', 0],
      'images.image1': ['2', 0],
    },
  )
  refuses(batch({ 'images.image0': 1 }), /images\.image1 needs a link/)
})

test('titles, and the name of a class without one', () => {
  const { graph } = toGraph(saved(node(1, 'Flag', [true], {}, { title: 'On or off' })), classes) as any
  assert.equal([graph['1']._meta, graph['9']._meta], [{ title: 'On or off' }, { title: 'Save Image' }])
})

test('the name that an author gave to a field', () => {
  const renamed = node(1, 'Noise', [7, 'fixed', true], { 'seed*': null, 'on*': null })
  renamed.inputs[1].label = 'Lights'
  const { authored } = toGraph(saved(renamed), classes) as any
  assert.equal(authored.origins, [
    { node: '1', name: 'on', title: 'Lights', fields: [{ node: '1', field: 'on' }] },
  ])
})

test('no JSON is an exception', () => {
  let deep: unknown = 1
  for (let level = 0; level < 50_000; level++) deep = [deep]
  const wrong = [
    null,
    1,
    'x',
    [],
    {},
    { nodes: 1 },
    { nodes: [null] },
    { nodes: [] },
    saved(node(1, 'Flag', [deep])),
    {
      ...saved(node(1, 'sub', [])),
      definitions: { subgraphs: [{ id: 'sub', nodes: [node(1, 'Flag', [true]), node(1, 'Flag', [true])] }] },
    },
  ]
  const inputs = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`i${index}`, null]))
  wrong.push(saved(node(1, 'Flag', [true], inputs)))
  for (const file of wrong) refuses(file, /./)
  const odd = { ...saved(node(1, 'Flag', [true])), definitions: { subgraphs: [null, 5, {}] }, extra: 'x' }
  odd.links.push(null, [], {}, 'x')
  assert.equal(Object.keys(convert(odd)), ['1', '9'])
  // Without its links, a node would do something else.
  for (const inputs of ['text', [null], [{ name: 'on', link: {} }]]) {
    refuses(saved({ ...node(1, 'Flag', [true]), inputs }), /nodes\[0\]/)
  }
  refuses(saved(node(1, 'Flag', 'text')), /nodes\[0\]/)
})

test('links that run through the same nodes again and again', () => {
  const line = Array.from({ length: 990 }, (_, index) =>
    node(10 + index, 'Reroute', undefined, { '': 4000 + index }),
  )
  const ends = Array.from({ length: 1100 }, (_, index) =>
    node(2000 + index, 'Blend', undefined, { one: 2000 + index }),
  )
  const file = saved(node(1, 'Flag', [true]), [...line, ...ends])
  file.links.push(
    ...line.map(({ id }, index) => [4000 + index, index === 0 ? 1 : id - 1, 0, id, 0, '*']),
    ...ends.map(({ id }) => [id, 999, 0, id, 0, '*']),
  )
  assert.ok(notesOf(file).some((note) => note.includes('too many nodes')))
})
