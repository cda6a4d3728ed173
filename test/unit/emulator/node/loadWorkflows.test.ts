// Where your own workflows come from, and what is said when something is wrong with them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createEmulator } from '@flowscale/emulator'
import { loadWorkflows } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { loadAll } from '../../../../packages/emulator/src/node/loadWorkflows.ts'
import { pluck } from '../../../support/pluck.ts'
import { stableDiffusion } from '../../gateway/comfyui/workflows/classes.ts'

const test = suite('loadWorkflows')
let folder = ''
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-emulator-'))
})
test.after.each(() => rmSync(folder, { recursive: true }))

/** Writes a file, and gives its path. */
function put(name: string, content: unknown): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

async function refusal(...paths: string[]): Promise<string> {
  const error = await loadAll(paths).then(
    () => assert.unreachable('it was no error'),
    (error: Error) => error,
  )
  return (error as Error).message.replaceAll(folder, '.')
}

const noWarning = (note: string): void => assert.unreachable(note)
const ids = async (path: string): Promise<string[]> =>
  (await loadWorkflows(path, noWarning)).map(({ id }) => id)
const definition = (id: string): string =>
  `{ id: '${id}', name: 'Mine', description: 'x', inputs: {}, outputs: { a: 'file' }, run: () => ({}) }`

test('a folder, a file, and modules of several forms', async () => {
  put('flows/b.json', stableDiffusion)
  put('flows/a.json', stableDiffusion)
  put('flows/a.flowscale.json', { id: 'other', description: 'Mine' })
  put('flows/deeper/c.json', 'no JSON')
  assert.equal(await ids(join(folder, 'flows')), ['other', 'b'])
  assert.equal(await ids(join(folder, 'flows/a.json')), ['other'])
  assert.equal(await ids(put('one.mjs', `export default ${definition('one')}`)), ['one'])
  assert.equal(
    await ids(put('two.mjs', `export const workflows = [${definition('x')}, ${definition('y')}]`)),
    ['x', 'y'],
  )
  assert.equal(await ids(put('three.cjs', `module.exports = [${definition('cjs')}]`)), ['cjs'])
})

test('a workflow takes the place of a built-in one of its id', async () => {
  const [own] = await loadWorkflows(put('bncu0a1kipv.json', stableDiffusion), noWarning)
  const emulator = createEmulator({ workflows: [own!] })
  const response = await emulator.fetch(`${emulator.url}/api/v1/comfy/workflows`, {
    headers: { 'X-API-KEY': emulator.apiKey },
  })
  const { data } = await response.json()
  const named = (data as any[]).filter(({ id }) => id === 'bncu0a1kipv')
  assert.equal(pluck(named, 'name'), ['bncu0a1kipv'])
  emulator.close()
})

test('errors say what to do', async () => {
  const flows = join(folder, 'flows')
  assert.match(await refusal(flows), /^There is nothing at \.\/flows: name a module, a folder/)
  mkdirSync(flows)
  assert.match(await refusal(flows), /^\.\/flows has no workflow: export your workflows from ComfyUI by/)
  put('flows/lost.flowscale.json', {})
  assert.match(await refusal(flows), /lost\.flowscale\.json belongs to lost\.json, which is not there$/)
  rmSync(join(flows, 'lost.flowscale.json'))
  const a = put('flows/a.json', { nodes: [], links: [] })
  assert.match(
    await refusal(flows),
    /^a\.json is in the format of ComfyUI's editor\. In ComfyUI, open the workflow/,
  )
  assert.match(await refusal(put('flows/a.json', '{')), /a\.json is not JSON/)
  put('flows/a.json', stableDiffusion)
  const sidecar = put('flows/a.flowscale.json', { inputs: { steps: { node: '3', input: 'step' } } })
  assert.match(
    await refusal(flows),
    /^a\.flowscale\.json: inputs\.steps\.input: node "3" \(KSampler\): no field "step"/,
  )
  assert.match(await refusal(sidecar), /is a sidecar: name \.\/flows\/a\.json$/)
  put('flows/a.flowscale.json', { id: 'same' })
  const b = put('flows/b.json', stableDiffusion)
  put('flows/b.flowscale.json', { id: 'same' })
  assert.match(
    await refusal(flows),
    /^\.\/flows\/a\.json and \.\/flows\/b\.json both have the id "same": change one/,
  )
  assert.match(await refusal(a, b), /both have the id "same"/)
  assert.match(await refusal(put('notes.txt', '')), /^\.\/notes\.txt is no workflow: name a \.json file/)
})

test('a file of a folder that is no workflow is left out, with a note, and the others are there', async () => {
  put('flows/good.json', stableDiffusion)
  put('flows/half.json', '{')
  put('flows/editor.json', { nodes: [], links: [] })
  const notes: string[] = []
  const loaded = await loadWorkflows(join(folder, 'flows'), (note) => void notes.push(note))
  assert.equal(pluck(loaded, 'id'), ['good'])
  assert.is(notes.length, 2)
  assert.match(notes[0]!, /^Workflow "editor" is left out: editor\.json is in the format of ComfyUI's editor/)
  assert.match(notes[1]!, /^Workflow "half" is left out: .*half\.json is not JSON/)
})

test('errors of modules name the file and the field', async () => {
  assert.match(await refusal(put('a.mjs', '')), /^\.\/a\.mjs exports no workflows: export one, or an array/)
  assert.match(await refusal(put('b.mjs', 'export default []')), /^\.\/b\.mjs exports an empty array/)
  assert.match(await refusal(put('c.mjs', 'export default 7')), /^\.\/c\.mjs exports no workflows/)
  const wrong = definition('d').replace("'file'", "'text'")
  const path = put('d.mjs', `export default ${wrong}`)
  assert.match(await refusal(path), /^\.\/d\.mjs: .*"workflows\[0\]\.outputs\.a"/)
  assert.match(
    await refusal(put('e.mjs', 'export default {')),
    /^Can't import \.\/e\.mjs: Unexpected end of input/,
  )
  assert.match(await refusal(put('f.mjs', "throw new Error('mine')")), /^Can't import \.\/f\.mjs: mine$/)
})

test('names of JavaScript’s own are names like others', async () => {
  const inputs = JSON.parse('{ "constructor": ["2", 0], "__proto__": ["2", 0], "toString": "a text" }')
  const graph = {
    2: { class_type: 'constructor', inputs },
    3: { class_type: 'SaveImage', inputs: { constructor: ['2', 0], images: ['2', 0] } },
  }
  const [loaded] = await loadWorkflows(put('odd.json', graph), () => {})
  assert.equal(loaded!.outputs, { image_3: 'image' })
  const context = { signal: new AbortController().signal, progress() {}, sleep: async () => {} }
  const made: any = await loaded!.run({}, context as any)
  assert.is(made.image_3[0].type, 'image/png')
})

test('node classes that are not known are told, unless a sidecar leaves no guess', async () => {
  const graph = {
    1: { class_type: 'FancyEncode', inputs: { text: 'a fox', strength: 1, clip: ['2', 0] } },
    2: { class_type: 'CLIPLoader', inputs: { clip_name: 'x', type: 'flux' } },
    3: { class_type: 'KSampler', inputs: { positive: ['1', 0], seed: 1 } },
    4: {
      class_type: 'FancySave',
      inputs: { images: ['5', 0], filename_prefix: 'a' },
      _meta: { title: 'Out' },
    },
    5: { class_type: 'VAEDecode', inputs: { samples: ['3', 0] } },
  }
  const path = put('fancy.json', graph)
  const notes: string[] = []
  const load = () => loadWorkflows(path, (note) => notes.push(note))
  const [guessed] = await load()
  assert.equal(Object.keys(guessed!.inputs), ['text_1', 'seed_3'])
  assert.equal(guessed!.outputs, { out: 'image' })
  const classes = 'FancyEncode (node 1, "FancyEncode"), FancySave (node 4, "Out")'
  assert.equal(notes.splice(0), [
    `fancy.json: unknown node classes: ${classes}. Their inputs and outputs are a guess, and your ComfyUI may show others. Give them in fancy.flowscale.json`,
  ])
  const strength = { node: '1', input: 'strength' }
  put('fancy.flowscale.json', { inputs: { strength }, outputs: { picture: { node: '4' } } })
  await load()
  assert.match(
    notes.splice(0).join(),
    /: FancyEncode \(node 1, "FancyEncode"\)\. Their kinds and ranges of inputs are a guess/,
  )
  put('fancy.flowscale.json', {
    inputs: { strength: { ...strength, kind: 'number', max: 2 } },
    outputs: { picture: { node: '4' } },
  })
  const [named] = await load()
  assert.equal(notes, [])
  assert.equal(Object.keys(named!.inputs), ['strength'])
  assert.equal(named!.outputs, { picture: 'image' })
})
