import { readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import { readGraph } from '../../../../../packages/gateway/src/comfyui/chooseGraph.ts'
import { fillGraph } from '../../../../../packages/gateway/src/comfyui/workflows/fillGraph.ts'
import { readWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/readWorkflow.ts'
import type { ComfyWorkflow } from '../../../../../packages/gateway/src/comfyui/workflows/types.ts'
import { classes, links, node, saved } from '../editor/kit.ts'
import { classesOf } from './classes.ts'

const test = suite('what an author chose in the editor')
const RUN = '1a2b3c4d-0000-4000-8000-000000000000'
const readClass = async (type: string) => classes[type]

async function read(file: unknown, readFrom = readClass): Promise<ComfyWorkflow> {
  const conversion = await readGraph({ name: 'mine', graph: file }, readFrom)
  if ('problems' in conversion) throw new Error(conversion.problems.join())
  return readWorkflow({ name: 'mine', graph: conversion.graph }, readFrom, conversion.authored)
}

const namesOf = ({ inputs }: ComfyWorkflow): string[] => [...inputs.keys()]
const primitive = (value: unknown, title?: string): any =>
  node(5, 'PrimitiveNode', [value, 'fixed'], {}, title === undefined ? {} : { title })

/** A primitive that gives two nodes their seed. */
const shared = (title?: string): any =>
  saved(
    node(1, 'Make', [1, 'fixed', 20, 1.5], { 'seed*': 1 }),
    [
      primitive(7, title),
      node(2, 'Make', [2, 'fixed', 20, 1.5], { 'seed*': 2 }),
      node(8, 'Save', ['b'], { images: 3 }),
    ],
    links([5, 0, 1], [5, 0, 2], [2, 0, 8]),
  )

test('one input sets the fields of one primitive, and has its title', async () => {
  for (const [title, name] of [
    [undefined, 'seed'],
    ['seed', 'seed'],
    ['Look', 'look'],
  ] as const) {
    const workflow = await read(shared(title))
    assert.equal(namesOf(workflow), [name])
    const { graph } = fillGraph(workflow, { [name]: 9 }, RUN)
    assert.equal([graph['1']!.inputs.seed, graph['2']!.inputs.seed], [9, 9])
    const { seeds, graph: drawn } = fillGraph(workflow, {}, RUN)
    assert.equal([drawn['1']!.inputs.seed, drawn['2']!.inputs.seed], [seeds.get(name), seeds.get(name)])
    assert.equal(workflow.inputs.get(name)!.aliases, ['seed_1', 'seed_2'])
  }
})

test('a primitive with a title is an input, whatever it sets', async () => {
  const file = (title?: string): any =>
    saved(node(1, 'Make', [1, 'fixed', 20, 1.5], { 'steps*': 1 }), [primitive(30, title)], links([5, 0, 1]))
  assert.equal(namesOf(await read(file('How often'))), ['how_often', 'seed'].sort().reverse())
  assert.equal(namesOf(await read(file())), ['seed'])
  const both = file('How often')
  both.nodes.push(node(2, 'Thirty', [30], { 'count*': 2 }), node(8, 'Save', ['b'], { images: 3 }))
  both.links.push(...links([0, 0, 0], [5, 0, 2], [2, 0, 8]).slice(1))
  assert.equal((await read(both)).inputs.get('how_often')!.fields.length, 2)
})

test('a text that is positive and negative is positive', async () => {
  const file = saved(
    node(1, 'Sample', undefined, { negative: 1, positive: 2 }),
    [primitive('a'), node(2, 'Encode', ['a'], { 'text*': 3 }), node(3, 'Encode', ['a'], { 'text*': 4 })],
    links([2, 0, 1], [3, 0, 1], [5, 0, 2], [5, 0, 3]),
  )
  assert.equal(namesOf(await read(file)), ['prompt'])
})

/** A subgraph with two nodes, whose seeds its input sets. */
function nested(app: unknown, slot: object = {}): any {
  const subgraph = {
    id: 'inner',
    name: 'Inner',
    nodes: [
      node(1, 'Make', [1, 'fixed', 20, 1.5], { 'seed*': 1 }),
      node(2, 'Make', [1, 'fixed', 30, 1.5], { 'seed*': 2 }),
    ],
    links: [
      { id: 1, origin_id: -10, origin_slot: 0, target_id: 1, target_slot: 0, type: 'INT' },
      { id: 2, origin_id: -10, origin_slot: 0, target_id: 2, target_slot: 0, type: 'INT' },
      { id: 3, origin_id: 1, origin_slot: 0, target_id: -20, target_slot: 0, type: 'IMAGE' },
      { id: 4, origin_id: 2, origin_slot: 0, target_id: -20, target_slot: 1, type: 'IMAGE' },
    ],
    inputs: [{ name: 'seed', type: 'INT' }],
    outputs: [
      { name: 'a', type: 'IMAGE', linkIds: [3] },
      { name: 'b', type: 'IMAGE', linkIds: [4] },
    ],
  }
  const host = {
    ...node(4, 'inner', [7, 'fixed']),
    inputs: [{ name: 'seed', type: 'INT', link: null, widget: { name: 'seed' }, ...slot }],
  }
  return {
    ...saved(host, [node(8, 'Save', ['b'], { images: 91 })], [[91, 4, 1, 8, 0, 'IMAGE']]),
    definitions: { subgraphs: [subgraph] },
    extra: { linearData: app },
  }
}

/** With another node for the subgraph, whose picture is saved, too. */
function twice(file: any): any {
  file.nodes.push({ ...file.nodes[0], id: 5 }, node(7, 'Save', ['c'], { images: 92 }))
  file.links.push([92, 5, 0, 7, 0, 'IMAGE'])
  return file
}

/** Its second node has a text in place of a seed. */
function mixed(file: any): any {
  file.definitions.subgraphs[0].nodes[1] = node(2, 'Text', ['a'], { 'text*': 2 })
  file.nodes[0].widgets_values = []
  return file
}

const app = (...inputs: unknown[]): unknown => ({ inputs, outputs: [9] })
const cases: [what: string, file: any, expected: string[], notes: number][] = [
  ['no App Mode: the rules', nested(undefined), ['seed'], 0],
  ['a label of an input of a subgraph', nested(undefined, { label: 'Würfel' }), ['würfel'], 0],
  ['an input of a subgraph', nested(app([4, 'seed'])), ['seed'], 0],
  ['its label', nested(app([4, 'seed']), { label: 'Würfel' }), ['würfel'], 0],
  [
    'a node in a subgraph, and the seed that is not chosen',
    nested(app(['4:2', 'steps'])),
    ['steps', 'seed'],
    0,
  ],
  [
    'three parts, which are encoded',
    nested(app(['some%3Aid:4%3A2:steps', 'x', { height: 120 }])),
    ['steps', 'seed'],
    0,
  ],
  ['a node with the UUID of its graph', nested(app([`${RUN}:4`, 'seed'])), ['seed'], 0],
  ['a node of a current editor, with a label', nested(app([`${RUN}:4:seed`, 'Dice'])), ['seed'], 0],
  ['the earlier id of a field that an input of the subgraph sets', nested(app([2, 'seed'])), ['seed'], 0],
  [
    'the earlier id of a node in two subgraphs',
    twice(nested(app([2, 'steps']))),
    ['seed_4_1', 'seed_5_1'],
    1,
  ],
  ['two entries for one origin', nested(app([4, 'seed'], ['4:1', 'seed'])), ['seed'], 1],
  ['a prefix of file names is set for each run', nested(app([9, 'filename_prefix'])), ['seed'], 1],
  ['an input of a subgraph that sets a seed and a text', mixed(nested(app([4, 'seed']))), ['seed'], 1],
  ['what leads nowhere', nested(app([77, 'seed'], [4, 'nothing'])), ['seed'], 2],
]
for (const [what, file, expected, notes] of cases) {
  test(what, async () => {
    const workflow = await read(file)
    assert.equal(namesOf(workflow), expected)
    assert.is(workflow.notes.length, notes)
  })
}

test('fields of one origin keep their values where these differ', async () => {
  const file = nested(undefined)
  const [host] = file.nodes
  host.inputs = [{ name: 'steps', type: 'INT', link: null, widget: { name: 'steps' }, label: 'How often' }]
  host.widgets_values = []
  const [subgraph] = file.definitions.subgraphs
  subgraph.inputs = [{ name: 'steps', type: 'INT' }]
  for (const inner of subgraph.nodes)
    inner.inputs = [{ ...inner.inputs[0], name: 'steps', widget: { name: 'steps' } }]
  const workflow = await read(file)
  const stepsOf = (values: Record<string, number>): unknown[] => {
    const { graph } = fillGraph(workflow, values, RUN)
    return [graph['4:1']!.inputs.steps, graph['4:2']!.inputs.steps]
  }
  assert.equal(
    [stepsOf({}), stepsOf({ how_often: 9 })],
    [
      [20, 30],
      [9, 9],
    ],
  )
})

/** A node for a subgraph that shows the fields of three nodes inside: two by inputs, one by no input. */
function shown(labels: readonly (string | undefined)[], chosen?: unknown): any {
  const ids = [10, 11, 12]
  const feeds = (index: number): unknown => ({
    id: index + 1,
    origin_id: -10,
    origin_slot: index,
    target_id: ids[index],
  })
  const subgraph = {
    id: 'inner',
    nodes: [
      ...ids.map((id, index) => node(id, 'Text', [`own ${id}`], index < 2 ? { 'text*': index + 1 } : {})),
      node(1, 'Make', [1, 'fixed', 20, 1.5], { a: 4, b: 5, c: 6 }),
    ],
    links: [
      ...[0, 1].map(feeds),
      ...ids.map((id, index) => ({ id: index + 4, origin_id: id, origin_slot: 0, target_id: 1 })),
      { id: 3, origin_id: 1, origin_slot: 0, target_id: -20 },
    ],
    inputs: [{ name: 'words' }, { name: 'text_1' }],
    outputs: [{ linkIds: [3] }],
  }
  const slots = ['words', 'text_1'].map((name, index) => ({ name, widget: { name }, label: labels[index] }))
  const host = {
    ...node(4, 'inner', []),
    inputs: slots,
    properties: { proxyWidgets: ids.map((id) => [String(id), 'text']) },
  }
  const extra = { linearData: { inputs: chosen } }
  return { ...saved(host), definitions: { subgraphs: [subgraph] }, extra }
}

const fieldsOf = ({ inputs }: ComfyWorkflow): Record<string, string[]> =>
  Object.fromEntries([...inputs].map(([name, { fields }]) => [name, fields.map(({ node }) => node)]))
const proxied: [what: string, file: any, expected: Record<string, string[]>, notes?: number][] = [
  ['labels', shown(['Width', 'Height']), { width: ['4:10'], height: ['4:11'], text: ['4:12'] }],
  ['no labels', shown([]), { words: ['4:10'], text_1: ['4:11'], text: ['4:12'] }],
  ['App Mode, by the input', shown(['Width'], [[4, 'words']]), { width: ['4:10'] }],
  ['App Mode, by the node inside', shown([], [[4, '12: text']]), { text: ['4:12'] }],
  [
    'App Mode, by a name of several',
    shown(['Width', 'Height'], [[4, 'text']]),
    { width: ['4:10'], height: ['4:11'], text: ['4:12'] },
    1,
  ],
]
for (const [what, file, expected, notes = 0] of proxied) {
  test(`fields of one name that a subgraph shows: ${what}`, async () => {
    const workflow = await read(file)
    const { seed: _, ...fields } = fieldsOf(workflow)
    assert.equal([fields, workflow.notes.length], [expected, notes])
  })
}

test('a socket that takes anything gets the value that its subgraph has, also that of a caller', async () => {
  const subgraph = {
    id: 'inner',
    nodes: [node(1, 'Make', [1, 'fixed', 20, 1.5], { 'steps*': 1 }), node(2, 'Show', [null], { source: 2 })],
    links: [
      { id: 1, origin_id: -10, origin_slot: 0, target_id: 1 },
      { id: 2, origin_id: -10, origin_slot: 0, target_id: 2 },
      { id: 3, origin_id: 1, origin_slot: 0, target_id: -20 },
    ],
    inputs: [{ name: 'steps' }],
    outputs: [{ linkIds: [3] }],
  }
  for (const [values, expected] of [
    [[], 20],
    [[30], 30],
  ] as const) {
    const host = { ...node(4, 'inner', values), inputs: [{ name: 'steps', widget: { name: 'steps' } }] }
    const workflow = await read({ ...saved(host), definitions: { subgraphs: [subgraph] } })
    const sent = (inputs: Record<string, number>) => {
      const { graph } = fillGraph(workflow, inputs, RUN)
      return [graph['4:1']!.inputs.steps, graph['4:2']!.inputs.source]
    }
    assert.equal(
      [sent({}), sent({ steps: 9 })],
      [
        [expected, expected],
        [9, 9],
      ],
    )
    assert.equal([...workflow.outputs.keys()], ['image'])
  }
})

test('outputs that the author chose; a node that is none is a note', async () => {
  const workflow = await read(nested({ inputs: [], outputs: [8, '77'] }))
  assert.equal(
    [...workflow.outputs.values()].map(({ node }) => node),
    ['8'],
  )
  assert.is(workflow.notes.length, 1)
})

/** The forms of entries in files of editors from March to autumn 2026. */
const forms: Record<string, (file: any) => void> = {
  'as 1.41 saved it': () => {},
  'with texts as ids, and no mode': (file) => {
    delete file.extra.linearMode
    const { inputs, outputs } = file.extra.linearData
    file.extra.linearData = {
      inputs: inputs.map(([id, ...rest]: any[]) => [`${id}`, ...rest]),
      outputs: outputs.map(String),
    }
  },
  'with the ids of widgets, labels, and values by name': (file) => {
    const { linearData } = file.extra
    linearData.inputs = linearData.inputs.map(([id, name, about]: any[]) => [
      `${RUN}:${id}:${name}`,
      'A label',
      about ?? {},
    ])
    const draw = file.nodes.find(({ type }: any) => type === 'TestDrawText')
    const [text, seed, control_after_generate, style] = draw.widgets_values
    draw.widgets_values_named = { text, seed, control_after_generate, style }
  },
}
for (const [form, change] of Object.entries(forms)) {
  test(`a file of App Mode, ${form}`, async () => {
    const file = JSON.parse(readFileSync(new URL('./text-to-image.app.json', import.meta.url), 'utf8'))
    change(file)
    const workflow = await read(file, classesOf('0.8.0'))
    assert.equal(
      [...workflow.inputs.values()].map(({ name, why }) => `${name}: ${why}`),
      ['prompt: App Mode', 'size: App Mode', 'seed: App Mode'],
    )
    assert.equal([[...workflow.outputs.values()].map(({ node }) => node), workflow.notes], [['9'], []])
  })
}
