import { assert, rejects } from '#test'
import { createClasses } from '../../../../packages/gateway/src/comfyui/api/classes.ts'
import { NoAnswer } from '../../../../packages/gateway/src/comfyui/api/client.ts'
import { createCatalog } from '../../../../packages/gateway/src/comfyui/catalog.ts'
import { createFiles } from '../../../../packages/gateway/src/comfyui/workflows/createFiles.ts'
import { EngineError, type WorkflowFile } from '../../../../packages/gateway/src/engine.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { classes as all, node, saved } from './editor/kit.ts'

const test = suiteWithClock('the catalog of a server', 'performance')

/** Files that a case changes, and a server whose classes it changes. */
function setUp(first: WorkflowFile[]) {
  const state = { files: first, classes: { ...all } as Record<string, unknown>, asked: 0 }
  const lines: string[] = []
  const log = (level: string, message: string): void => void lines.push(`${level} ${message}`)
  const answer = async (path: string): Promise<unknown> => {
    state.asked++
    const type = decodeURIComponent(path.slice('/object_info/'.length))
    return Object.hasOwn(state.classes, type) ? { [type]: state.classes[type] } : {}
  }
  const send = async () => ({ status: 404, text: '' })
  const client = { read: answer, send, isAway: () => false, hasKey: () => false }
  const workflows = async (): Promise<readonly WorkflowFile[]> => state.files
  const files = createFiles({ workflows, log })
  const catalog = createCatalog(createClasses(client), files, log)
  const ids = async (): Promise<string[]> => (await catalog.read()).map(({ id }) => id)
  const valueIn = async (id: string, field: string, at = '1'): Promise<unknown> =>
    (await catalog.find(id))?.nodes.get(at)?.node.inputs[field]
  return { state, lines, client, catalog, ids, valueIn }
}

const flag = (on: boolean): WorkflowFile => ({ name: 'a', graph: saved(node(1, 'Flag', [on])) })
const pick = (style: string): WorkflowFile => ({
  name: 'pick',
  graph: {
    1: { class_type: 'Pick', inputs: { style, model: 'a.pt' } },
    9: { class_type: 'Save', inputs: { images: ['1', 0], filename_prefix: 'ComfyUI' } },
  },
  sidecar: { inputs: { style: { node: '1', input: 'style' } } },
})

test('a file of the editor is converted; one that is not understood is left out with its node', async () => {
  const { catalog, lines, valueIn } = setUp([
    flag(true),
    { name: 'b', file: 'b.png', graph: saved(node(1, 'Flag', ['no'])) },
  ])
  const [good, bad] = await catalog.read()
  assert.equal([good?.id, good?.problem, [...good!.workflow!.outputs.keys()]], ['a', undefined, ['image']])
  assert.is(await valueIn('a', 'on'), true)
  assert.match(bad!.problem!, /^b\.png can't be converted: node 1 .*Flag/)
  await rejects(catalog.find('b'), EngineError, { status: 422 })
  assert.equal(lines.length, 1)
})

test('a file that is not understood takes no id from another one; a class that fails takes away its file only', async () => {
  const good = { ...flag(true), name: 'z', sidecar: { id: 'b' } }
  const { catalog, client, ids } = setUp([
    { name: 'b', graph: undefined, problem: 'no workflow' },
    good,
    pick('plain'),
  ])
  const { read } = client
  client.read = async (path) => {
    if (path.endsWith('/Pick')) throw new NoAnswer('status 500', true)
    return await read(path)
  }
  assert.equal(await ids(), ['b', 'pick'])
  assert.is((await catalog.find('b'))?.listing.id, 'b')
  // The server may only be starting.
  await rejects(catalog.find('pick'), NoAnswer)
})

test('with both formats inside, what differs is a note, and the prompt is used', async () => {
  const { graph } = pick('plain')
  const { lines, valueIn } = setUp([
    { ...pick('plain'), workflow: saved(node(1, 'Pick', ['round', 'a.pt'])), file: 'pick.png' },
  ])
  assert.is(await valueIn('pick', 'style'), 'plain')
  assert.match(lines.join(), /^info pick\.png: .*style of node 1/)
  const same = setUp([{ name: 'p', graph, workflow: saved(node(1, 'Pick', ['plain', 'a.pt'])) }])
  await same.catalog.read()
  assert.equal(same.lines, [])
})

test('a required value that a file lacks is the one of its class', async () => {
  const inputs = { seed: 1, size: 2 }
  const { catalog, valueIn, lines } = setUp([{ name: 'a', graph: { 1: { class_type: 'Make', inputs } } }])
  assert.is(await valueIn('a', 'steps'), 20)
  await catalog.read()
  assert.match(lines.join(), /^info a\.json: .*steps/)
})

test('files that come, change and go', async ({ clock }) => {
  const { state, ids, lines, valueIn } = setUp([flag(true)])
  assert.equal(await ids(), ['a'])
  const second = { ...flag(true), name: 'b' }
  state.files = [flag(false), second]
  assert.is(await valueIn('a', 'on'), true)
  await clock.tickAsync(1_000)
  assert.is(await valueIn('a', 'on'), false)
  assert.is(await valueIn('b', 'on'), true)
  state.files = [second]
  await clock.tickAsync(1_000)
  assert.equal(await ids(), ['b'])
  assert.is(await valueIn('a', 'on'), undefined)
  assert.equal(lines, ['info a.json has changed', 'info b.json was added', 'info a.json was removed'])
})

test('a broken new version keeps the one before, and is logged once', async ({ clock }) => {
  const { state, ids, lines, valueIn } = setUp([flag(true)])
  await ids()
  for (const broken of [
    { name: 'a', graph: undefined, problem: 'half a file' },
    { name: 'a', graph: saved(node(1, 'Flag', ['no'])) },
  ]) {
    state.files = [broken]
    await clock.tickAsync(1_000)
    lines.length = 0
    for (let turn = 0; turn < 2; turn++) {
      assert.equal(await ids(), ['a'])
      assert.is(await valueIn('a', 'on'), true)
    }
    assert.is(lines.filter((line) => line.startsWith('error Workflow "a" stays as it was')).length, 1)
  }
  state.files = [flag(false)]
  await clock.tickAsync(1_000)
  assert.is(await valueIn('a', 'on'), false)
})

test('of many files that can’t be used, 50 are named, beside a workflow that was in use', async ({
  clock,
}) => {
  const strays = Array.from({ length: 90 }, (_, at) => ({ name: `s${at}`, graph: { some: 'JSON' } }))
  const { state, lines, ids, catalog } = setUp([flag(true), ...strays])
  const listed = await catalog.read()
  assert.is(listed.length, 52)
  assert.match(listed.at(-1)!.problem!, /^40 more files /)
  assert.equal([listed[0]!.id, lines.length], ['a', 51])
  state.files = [...strays, flag(false)]
  state.classes.Flag = undefined
  await clock.tickAsync(5_000)
  assert.ok((await ids()).includes('a'))
})

test('while the files can’t be read, the last ones count', async ({ clock }) => {
  const { state, ids, lines } = setUp([flag(true)])
  await ids()
  Object.defineProperty(state, 'files', {
    get: () => {
      throw new Error('no such folder')
    },
  })
  for (let turn = 0; turn < 3; turn++) {
    await clock.tickAsync(1_000)
    assert.equal(await ids(), ['a'])
  }
  assert.equal(lines.length, 1)
})

test('a new choice is noticed after three seconds, for a run and in the list', async ({ clock }) => {
  const { state, catalog } = setUp([pick('plain')])
  const stylesOf = async (): Promise<unknown> => (await catalog.find('pick'))?.inputs.get('style')?.options
  const before = await catalog.find('pick')
  const { asked } = state
  assert.is(await catalog.find('pick'), before)
  assert.is(state.asked, asked)
  await clock.tickAsync(3_000)
  assert.is(await catalog.find('pick'), before)
  assert.ok(state.asked > asked)
  state.classes.Pick = { ...all.Pick, input: { required: { style: [['plain', 'new']], model: [['a.pt']] } } }
  assert.equal(await stylesOf(), ['plain', 'round'])
  await clock.tickAsync(3_000)
  assert.equal(await stylesOf(), ['plain', 'new'])
})

test('a server that is silent, busy or away is not waited for: earlier facts count', async ({
  clock,
  settle,
}) => {
  const { catalog, client } = setUp([pick('plain')])
  const before = await catalog.find('pick')
  const { read } = client
  client.read = async () => {
    throw new NoAnswer('it is away', false)
  }
  await clock.tickAsync(3_000)
  assert.is(await catalog.find('pick'), before)
  let answer: () => void = () => {}
  client.read = async (path) => {
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    return await read(path)
  }
  let found: unknown
  void catalog.find('pick').then((one) => (found = one))
  await clock.tickAsync(499)
  assert.is(found, undefined)
  await clock.tickAsync(1)
  assert.is(found, before)
  answer()
  await settle()
  client.isAway = () => true
  client.read = () => assert.unreachable() as never
  await clock.tickAsync(3_000)
  assert.is(await catalog.find('pick'), before)
})
