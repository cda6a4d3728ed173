import { assert, said, suite } from '#test'
import { toGraph } from '../../../../../packages/gateway/src/comfyui/editor/toGraph.ts'
import { classes, node } from './kit.ts'

const test = suite('subgraphs of the editor')

const link = (id: number, from: number, output: number, to: number): object => ({
  id,
  origin_id: from,
  origin_slot: output,
  target_id: to,
  target_slot: 0,
})

/** A subgraph with one `Make` and one `Text`: its inputs feed seed, steps and text. */
const inner = (): any => ({
  id: 'sub',
  name: 'Maker',
  inputs: [{ name: 'seed' }, { name: 'count' }, { name: 'words' }],
  outputs: [{ linkIds: [4] }],
  nodes: [
    node(2, 'Make', [7, 'fixed', 30, 2], { 'seed*': 1, 'steps*': 2 }),
    node(3, 'Text', ['inner'], { 'text*': 3 }),
    node(4, 'Blend', undefined, { one: 5, other: 6 }),
  ],
  links: [
    link(1, -10, 0, 2),
    link(2, -10, 1, 2),
    link(3, -10, 2, 3),
    link(4, 4, 0, -20),
    link(5, 2, 0, 4),
    link(6, 3, 0, 4),
  ],
})

/** A file that saves what its node 1 makes: a node for the subgraph. */
function file(host: object, subgraphs: unknown[] = [inner()], inputs: Record<string, number> = {}): any {
  return {
    nodes: [
      node(1, 'sub', [], inputs, host),
      node(9, 'Save', ['ComfyUI'], { images: 90 }),
      node(8, 'Math', [1, 2]),
    ],
    links: [
      [90, 1, 0, 9, 0, 'IMAGE'],
      [80, 8, 1, 1, 0, 'INT'],
    ],
    definitions: { subgraphs },
  }
}

/** Seed, steps and text of the nodes inside, or the problems. */
function read(workflow: unknown, prefix = '1'): unknown {
  const converted = toGraph(workflow, classes)
  if ('problems' in converted) {
    for (const problem of converted.problems) said(problem)
    return converted.problems.length
  }
  const { [`${prefix}:2`]: make, [`${prefix}:3`]: text } = converted.graph
  return [make?.inputs.seed, make?.inputs.steps, text?.inputs.text]
}

/** A node with values for these fields inside. */
const proxies = (values: unknown[] | undefined, ...proxyWidgets: string[][]): object => ({
  properties: { proxyWidgets },
  widgets_values: values,
})
const rows: [rule: string, host: object, expected: unknown][] = [
  ['no values: those inside stand', {}, [7, 30, 'inner']],
  ['values by the promoted inputs', { widgets_values: [1, 2, 'outer'] }, [1, 2, 'outer']],
  ['one more value after a seed', { widgets_values: [1, 'fixed', 2, 'outer'] }, [1, 2, 'outer']],
  ['null: the value inside stands', { widgets_values: [1, null, 'outer'] }, [1, 30, 'outer']],
  ['fewer values', { widgets_values: [1] }, [1, 30, 'inner']],
  ['values by name', { widgets_values_named: { words: 'outer' } }, [7, 30, 'outer']],
  ['more values than places', { widgets_values: [1, 2, 'outer', 'more', 'more'] }, 1],
  ['a list beside other values by name', { widgets_values: [1], widgets_values_named: { seed: 2 } }, 1],
  ['proxies have another order', proxies(['outer', 1], ['3', 'text'], ['2', 'seed']), [1, 30, 'outer']],
  ['a proxy of an input', proxies([2, 1], ['-1', 'count'], ['-1', 'seed']), [1, 2, 'inner']],
  [
    'previews and controls have a place',
    proxies(
      ['', 1, 'fixed', 'outer'],
      ['2', '$$canvas-image-preview'],
      ['2', 'seed'],
      ['2', 'control_after_generate'],
      ['3', 'text'],
    ),
    [1, 30, 'outer'],
  ],
  ['a proxy of a node that is gone', proxies([5, 1], ['77', 'x'], ['2', 'seed']), [1, 30, 'inner']],
  ['two proxies of one field that differ', proxies([1, 2], ['2', 'seed'], ['-1', 'seed']), 1],
  ['a value of the wrong kind', { widgets_values: ['one'] }, 1],
  ['values that the editor lost', { properties: { proxyWidgetErrorQuarantine: [{}] } }, 1],
]
for (const [rule, host, expected] of rows) {
  test(rule, () => assert.equal(read(file(host)), expected))
}

test('a link of the node wins, also where its list of inputs is shorter', () => {
  assert.equal(read(file({ widgets_values: [1, 2, 'outer'] }, undefined, { 'count*': 80 })), [
    1,
    ['8', 1],
    'outer',
  ])
  assert.is(read(file({}, undefined, { 'other*': 80 })), 1)
  const gone = file({})
  gone.definitions.subgraphs[0].links[0].origin_slot = 7
  assert.is(read(gone), 1)
  const other = file({})
  other.links[0][2] = 3
  assert.is(read(other), 1)
})

test('a field that an input sets together with others', () => {
  const shared = inner()
  shared.links[1].origin_slot = 0
  assert.equal(read(file(proxies([5], ['2', 'seed']), [shared])), [5, 5, 'inner'])
})

test('a muted or bypassed node runs nothing inside', () => {
  const bypassed = file({ mode: 4 }, undefined, { images: 80 })
  const { graph } = toGraph(bypassed, classes) as any
  assert.equal(graph['9'].inputs.images, ['8', 1])
  assert.is(read(file({ mode: 2 })), 1)
})

/** A subgraph around the other. */
const outer = (host: object): any => ({
  id: 'outer',
  name: 'Around',
  inputs: [{ name: 'words' }],
  outputs: [{ linkIds: [2] }],
  nodes: [node(5, 'sub', [], { 'words*': 1 }, host)],
  links: [link(1, -10, 0, 5), link(2, 5, 0, -20)],
})
const nested = (host: object, between: object): unknown => {
  const workflow = file(host, [inner(), outer(between)])
  workflow.nodes[0].type = 'outer'
  return read(workflow, '1:5')
}
const nestedRows: [rule: string, host: object, between: object, expected: unknown][] = [
  ['the values of the node between', {}, { widgets_values: [1, 2, 'between'] }, [1, 2, 'between']],
  [
    'the outermost value wins',
    { widgets_values: ['outer'] },
    { widgets_values: [1, 2, 'b'] },
    [1, 2, 'outer'],
  ],
  ['a proxy by the name of the inner field', proxies([9], ['5', 'steps']), {}, [7, 9, 'inner']],
  ['a name with the node in front', proxies([9], ['5', '2: seed']), {}, [9, 30, 'inner']],
  ['a name with another node in front', proxies([9], ['5', '3: seed']), {}, [9, 30, 'inner']],
  ['a proxy with the id of the node', proxies(['x'], ['5', 'text', '3']), {}, [7, 30, 'x']],
  [
    'a proxy of a proxy',
    proxies([9], ['5', 'seed']),
    proxies(undefined, ['3', 'text'], ['2', 'seed']),
    [9, 30, 'inner'],
  ],
]
for (const [rule, host, between, expected] of nestedRows) {
  test(`nested: ${rule}`, () => assert.equal(nested(host, between), expected))
}

test('a GetNode looks for its SetNode in its own subgraph, then around it', () => {
  const within = inner()
  within.nodes.push(node(6, 'GetNode', ['count']))
  within.links[1] = link(2, 6, 0, 2)
  const workflow = file({}, [within])
  const setter = (id: number): any => node(id, 'SetNode', ['count'], { INT: 79 + id })
  workflow.nodes.push(setter(6))
  workflow.links.push([85, 8, 1, 6, 0, 'INT'])
  const sources = (): unknown => read(workflow)
  assert.equal(sources(), [7, ['8', 1], 'inner'])
  // The editor takes none of two around it.
  workflow.nodes.push(setter(7))
  assert.is(sources(), 1)
  within.nodes.push(node(5, 'SetNode', ['count'], { STRING: 7 }))
  within.links.push(link(7, 3, 0, 5))
  assert.equal(sources(), [7, ['1:3', 0], 'inner'])
  // A SetNode inside is out of sight outside.
  workflow.nodes = workflow.nodes.filter(({ type }: any) => type !== 'SetNode')
  workflow.nodes.push(node(6, 'GetNode', ['count']))
  workflow.nodes[1].inputs[0].link = 91
  workflow.links.push([91, 6, 0, 9, 0, 'INT'])
  assert.is(read(workflow), 1)
})

test('a subgraph that holds itself, or too many nodes', () => {
  const circle = inner()
  circle.nodes.push(node(5, 'sub', []))
  assert.is(read(file({}, [circle])), 1)
  // Also where none of them runs, or where each sets a field in two others.
  for (const last of ['Flag', 'nothing']) {
    const nodes = (level: number): any[] =>
      [1, 2].map((id) => node(id, level < 30 ? `level${level + 1}` : last, [true], { 'x*': id }))
    const many = Array.from({ length: 31 }, (_, level) => ({
      id: level === 0 ? 'sub' : `level${level}`,
      inputs: [{ name: 'x' }],
      nodes: nodes(level),
      links: [link(1, -10, 0, 1), link(2, -10, 0, 2)],
    }))
    assert.is(read(file({}, [...many, { id: 'nothing', nodes: [] }])), 1)
  }
})
