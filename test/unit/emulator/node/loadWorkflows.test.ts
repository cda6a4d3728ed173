// Where your own workflows come from, and what is said when something is wrong with them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createEmulator } from '@flowscale/emulator'
import { loadWorkflows } from '@flowscale/emulator/node'
import { assert, said, suite } from '#test'
import { loadAll } from '../../../../packages/emulator/src/node/loadWorkflows.ts'
import { pluck } from '../../../support/pluck.ts'
import { pngWith } from '../../../support/png.ts'
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

/** Notes what is said; the folder is a dot, and what Node finds wrong with a JSON text is a word. */
const note = (text: string): void =>
  said(text.replaceAll(folder, '.').replace(/is not JSON: .+/, 'is not JSON: WHY'))

/** What files are refused with. */
async function refuse(...paths: string[]): Promise<string> {
  const error: unknown = await loadAll(paths).catch((error: unknown) => error)
  assert.instance(error, Error)
  note((error as Error).message)
  return (error as Error).message
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
  await refuse(flows)
  mkdirSync(flows)
  await refuse(flows)
  put('flows/lost.flowscale.json', {})
  await refuse(flows)
  rmSync(join(flows, 'lost.flowscale.json'))
  const a = put('flows/a.json', { nodes: [], links: [] })
  await refuse(flows)
  await refuse(put('flows/a.json', '{'))
  put('flows/a.json', stableDiffusion)
  const sidecar = put('flows/a.flowscale.json', { inputs: { steps: { node: '3', input: 'step' } } })
  await refuse(flows)
  await refuse(sidecar)
  put('flows/a.flowscale.json', { id: 'same' })
  const b = put('flows/b.json', stableDiffusion)
  put('flows/b.flowscale.json', { id: 'same' })
  await refuse(flows)
  assert.match(await refuse(a, b), '"same"')
  await refuse(put('notes.txt', ''))
})

test('a file of a folder that is no workflow is left out, with a note, and the others are there', async () => {
  put('flows/good.json', stableDiffusion)
  put('flows/half.json', '{')
  put('flows/editor.json', { nodes: [], links: [] })
  writeFileSync(
    join(folder, 'flows/picture.png'),
    pngWith({ prompt: stableDiffusion, workflow: { nodes: [] } }),
  )
  writeFileSync(join(folder, 'flows/other.png'), pngWith({ workflow: { nodes: [] } }))
  const notes: string[] = []
  const loaded = await loadWorkflows(join(folder, 'flows'), (text) => void notes.push(text))
  assert.equal(pluck(loaded, 'id'), ['good', 'picture'])
  assert.is(notes.length, 3)
  notes.forEach(note)
})

test('errors of modules name the file and the field', async () => {
  const wrong = definition('d').replace("'file'", "'text'")
  for (const [name, source] of [
    ['a.mjs', ''],
    ['b.mjs', 'export default []'],
    ['c.mjs', 'export default 7'],
    ['d.mjs', `export default ${wrong}`],
    ['e.mjs', 'export default {'],
    ['f.mjs', "throw new Error('mine')"],
  ] as const) {
    assert.match(await refuse(put(name, source)), name)
  }
})

test('names of JavaScript’s own are names like others', async () => {
  const inputs = JSON.parse('{ "constructor": ["2", 0], "__proto__": ["2", 0], "toString": "a text" }')
  const graph = {
    2: { class_type: 'constructor', inputs },
    3: { class_type: 'SaveImage', inputs: { constructor: ['2', 0], images: ['2', 0] } },
  }
  const [loaded] = await loadWorkflows(put('odd.json', graph), () => {})
  assert.equal(loaded!.outputs, { image: 'image' })
  const context = { signal: new AbortController().signal, progress() {}, sleep: async () => {} }
  const made: any = await loaded!.run({}, context as any)
  assert.is(made.image[0].type, 'image/png')
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
  const load = () => loadWorkflows(path, (text) => notes.push(text))
  const [guessed] = await load()
  assert.equal(Object.keys(guessed!.inputs), ['prompt', 'seed'])
  assert.equal(guessed!.outputs, { out: 'image' })
  assert.is(notes.length, 1)
  notes.splice(0).forEach(note)
  const strength = { node: '1', input: 'strength' }
  put('fancy.flowscale.json', { inputs: { strength }, outputs: { picture: { node: '4' } } })
  await load()
  assert.is(notes.length, 1)
  notes.splice(0).forEach(note)
  put('fancy.flowscale.json', {
    inputs: { strength: { ...strength, kind: 'number', max: 2 } },
    outputs: { picture: { node: '4' } },
  })
  const [named] = await load()
  assert.equal(notes, [])
  assert.equal(Object.keys(named!.inputs), ['strength'])
  assert.equal(named!.outputs, { picture: 'image' })
})
