// The models that the author of a workflow names: which are told, and where.
import { readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import { readModels } from '../../../../../packages/gateway/src/comfyui/workflows/models.ts'
import type { WorkflowFile } from '../../../../../packages/gateway/src/engine.ts'
import { rejection } from '../../../../support/fakes.ts'
import { never, suiteOnComfy } from '../kit.ts'
import { suiteWithServers } from '../queued/kit.ts'

const test = suite('the models that an author names')

const name = 'cubist.safetensors'
const url = 'https://example.com/resolve/main/cubist.safetensors?download=true'
const directory = 'loras/style'
const good = { name, url, directory }
const told = { path: `${directory}/${name}`, url }
const withModels = (...models: unknown[]) => ({ nodes: [{ type: 'Load', properties: { models } }] })

const long = 'a'.repeat(2_000)
const NAMES = [
  '../x',
  'a/../x',
  '..',
  '.x',
  '-x',
  '/etc/x',
  'a//x',
  'a/',
  'C:x',
  'a\\x',
  'a\nb',
  'a\tb',
  'a\u0000b',
  '',
]
const odd = [
  ...NAMES,
  'a\u202eb',
  'a\u2028b',
  'a\u001b[2Jb',
  '$(x)',
  '`x`',
  'a"b',
  "a'b",
  'a|b',
  long,
  7,
  null,
  undefined,
  {},
]
const URLS = [
  'http://a/x',
  'javascript:alert(1)',
  'file:///x',
  '//a/x',
  'https://',
  'https://a b/x',
  'https://a/\nb',
  'x',
]
const oddUrls = [
  ...URLS,
  'https://a/"b',
  "https://a/'b",
  'https://a/\u202eb',
  'https://u:p@a/x',
  'https://a/[1-9999999]',
  'HTTPS:/a',
  `https://a/${long}`,
  7,
  null,
]
const hostile = [
  ...odd.map((name) => ({ ...good, name })),
  ...odd.map((directory) => ({ ...good, directory })),
  ...oddUrls.map((url) => ({ ...good, url })),
]
test(`hostile values are left out: ${hostile.length}`, () => {
  for (const one of hostile)
    assert.is(readModels(withModels(one))('Load', one.name), undefined, JSON.stringify(one))
  const all = readModels(withModels(...hostile, good))
  assert.equal(all('Load', name), told)
})

for (const [what, file, expected] of [
  ['of a node', withModels(good), told],
  ['of a node in a subgraph', { nodes: [], definitions: { subgraphs: [null, withModels(good)] } }, told],
  ['of the whole file', { nodes: [], models: [good] }, told],
  [
    'of its node, and another of the whole file',
    { ...withModels(good), models: [{ ...good, directory: 'vae' }] },
    told,
  ],
  ['the first of two', withModels(good, { ...good, url: 'https://other.example' }), told],
  ['in a folder of its own', withModels({ ...good, name: `sub/${name}` }), undefined],
  ['of another class', { nodes: [{ type: 'Other', properties: { models: [good] } }] }, undefined],
  ['in the API format', { 1: { class_type: 'Load', inputs: {} } }, undefined],
  ['in no file', undefined, undefined],
  ['in nonsense', { nodes: [null, 7, { properties: { models: {} } }], definitions: 7 }, undefined],
] as const) {
  test(`a model ${what}`, () => assert.equal(readModels(file)('Load', name), expected))
}
test('values of any depth hold nothing up', () => {
  let deep: unknown = 7
  for (let level = 0; level < 50_000; level++) deep = [deep]
  const find = readModels({
    nodes: [{ type: deep, properties: { models: [{ ...good, name: deep }, good] } }],
  })
  assert.equal([find('Load', deep), find(deep as string, name)], [undefined, told])
})
test('letters of any language, spaces and brackets are fine', () => {
  const own = '模型 (v2) [fp8].safetensors'
  assert.equal(readModels(withModels({ ...good, name: own }))('Load', own), {
    path: `${directory}/${own}`,
    url,
  })
})

/** A workflow whose style is missing. */
function missing(models: unknown[]): WorkflowFile {
  const graph = JSON.parse(readFileSync(new URL('./text-to-image.app.json', import.meta.url), 'utf8'))
  const draw = graph.nodes.find(({ type }: { type: string }) => type === 'TestDrawText')
  draw.widgets_values[3] = name
  draw.properties.models = models
  return { name: 'missing', graph }
}
const workflows = [missing([good])]
const ADVICE = `Get it from "${url}", and save it as "models/${directory}/${name}"`

const single = suiteOnComfy('a missing model, on one ComfyUI', ['0.8.0'])
single(
  'the start and the refusal of a run say where it is; the server has the last word',
  async ({ another }) => {
    const engine = another({ workflows })
    assert.match((await engine.report!()).workflows[0]!.problem!, ADVICE)
    const draft = (await engine.draft('missing', never))!
    const error = await rejection(draft.submit({ values: {}, inputs: [], groupId: null, requestId: 'r' }))
    assert.match(error.message, ADVICE)
    const stale = another({ workflows: [missing([{ ...good, name: 'plain' }])] })
    assert.not.match((await stale.report!()).workflows[0]!.problem!, 'Get it')
  },
)

const queued = suiteWithServers('a missing model, with a queue', [{}])
queued('the refusal of a run says where it is', async ({ open }) => {
  const draft = (await open({}, { workflows }).draft('missing', never))!
  const error = await rejection(draft.submit({ values: {}, inputs: [], groupId: null, requestId: 'r' }))
  assert.match(error.message, ADVICE)
})
