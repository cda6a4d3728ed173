// What of a form reaches a workflow; the form itself is tested in unit/gateway/http/form.
import type { InputFile, WorkflowDefinition, WorkflowInputs } from '@flowscale/emulator'
import { assert, suite } from '#test'
import { type Api, DIALECTS, ended, form, open } from './kit.ts'

const test = suite('inputs')
let api: Api
let got: WorkflowInputs

const workflow: WorkflowDefinition = {
  id: 'all',
  name: 'All kinds',
  description: 'Takes an input of each kind',
  inputs: {
    text: 'string',
    count: { kind: 'number', required: false },
    flag: { kind: 'boolean', required: false },
    picture: { kind: 'image', required: false },
    files: { kind: 'video', required: false, array: true },
  },
  outputs: {},
  run(inputs) {
    got = inputs
    return {}
  },
}

test.before(async () => {
  api = await open('emulator.fetch', { workflows: [workflow] })
})
test.after(() => api.close())

test('no workflow, an unknown one', async () => {
  const query = (msg: string, type: string) => ({ detail: [{ loc: ['query', 'workflow_id'], msg, type }] })
  for (const [path, problem] of [
    ['', query('Field required', 'missing')],
    ['?workflow_id=', query('Field required', 'missing')],
    ['?group_id=x', query('Field required', 'missing')],
    ['?workflow_id=nope', query("Unknown workflow 'nope'", 'value_error')],
  ] as const) {
    const { status, body } = await api.post(`/api/v1/runs${path}`, form({ x: 'y' }))
    assert.equal([status, body], [422, problem])
  }
})

test('values and files reach a run, and are shown', async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
  const id = await api.run('all', {
    ...{ text: 'Grüße, "你好" 🎨', count: ' -1.5e2 ', flag: 'false' },
    picture: new File([bytes], 'my cat.png', { type: 'image/png' }),
    ...{ files: [new Blob(['1']), new Blob(['2'])], files_0: 'data:video/mp4,3' },
  })
  const { inputs } = await ended(api, id)
  const { picture, files, ...rest } = got as { picture: InputFile; files: InputFile[] }
  assert.equal(rest, { text: 'Grüße, "你好" 🎨', count: -150, flag: false })
  assert.equal(picture, { name: 'my cat.png', type: 'image/png', data: bytes })
  assert.is(files.map(({ data }) => new TextDecoder().decode(data)).join(), '1,2,3')
  assert.equal(inputs, [
    { path: 'text', value: 'Grüße, "你好" 🎨' },
    { path: 'count', value: -150 },
    { path: 'flag', value: false },
    { path: 'picture', value: 'my cat.png' },
    { path: 'files', value: ['blob', 'blob', 'files.mp4'] },
  ])
})

test('a URL on the network passes the check and fails the run', async () => {
  const url = 'https://example.com/cat.png'
  const run = await ended(api, await api.run('all', { text: url, picture: url }))
  assert.equal([run.status, run.inputs[1]], ['failed', { path: 'picture', value: url }])
  assert.is(run.error, `The emulator fetches nothing from the network: send picture as a file, not as ${url}`)
})

for (const dialect of DIALECTS) {
  test(`a 422 has the form of FastAPI, ${dialect}`, async () => {
    const own = await open('emulator.fetch', { dialect })
    const fields = form({ prompt: 'x', y: 'z' })
    const { status, body } = await own.post('/api/v1/runs?workflow_id=a9bc45rt2kpm', fields)
    assert.is(status, 422)
    assert.equal(body.detail, [
      { loc: ['body', 'image_input'], msg: 'Field required', type: 'missing' },
      { loc: ['body', 'y'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' },
    ])
    await own.close()
  })
}
