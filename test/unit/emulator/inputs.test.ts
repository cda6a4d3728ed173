import type { InputFile, WorkflowInputs } from '@flowscale/emulator'
import { assert, suite } from '#test'
import { pluck } from '../../support/pluck.ts'
import { type Answer, type Api, DIALECTS, ended, type Fields, form, open, TRANSPORTS } from './kit.ts'

for (const transport of TRANSPORTS) {
  const test = suite(`inputs, ${transport}`)
  let api: Api
  let got: WorkflowInputs | undefined

  test.before(async () => {
    api = await open(transport, {
      workflows: [
        {
          id: 'all',
          name: 'All kinds',
          description: 'Takes an input of each kind',
          inputs: {
            text: 'string',
            count: { kind: 'number', required: false },
            flag: { kind: 'boolean', required: false },
            picture: { kind: 'image', required: false },
            any: { kind: 'file', required: false },
            list: { kind: 'string', required: false, array: true },
            numbers: { kind: 'number', required: false, array: true },
            files: { kind: 'video', required: false, array: true },
            list_7: { kind: 'string', required: false },
          },
          outputs: {},
          run(inputs) {
            got = inputs
            return {}
          },
        },
      ],
    })
  })
  test.after(() => api.close())

  async function refused(fields: Fields, workflow = 'all'): Promise<Answer['body']['detail']> {
    const { status, body } = await api.post(`/api/v1/runs?workflow_id=${workflow}`, form(fields))
    assert.is(status, 422, JSON.stringify(body))
    assert.equal(Object.keys(body), ['detail'])
    return body.detail
  }

  async function taken(fields: Fields): Promise<{ inputs: WorkflowInputs; shown: object[] }> {
    got = undefined
    const id = await api.run('all', { text: 't', ...fields })
    const { status, inputs, error } = await ended(api, id)
    assert.is(status, 'completed', error)
    return { inputs: got!, shown: inputs }
  }

  test('no workflow, an unknown one', async () => {
    for (const query of ['', '?workflow_id=', '?group_id=x']) {
      const { status, body } = await api.post(`/api/v1/runs${query}`, form({ x: 'y' }))
      assert.is(status, 422)
      assert.equal(body, {
        detail: [{ loc: ['query', 'workflow_id'], msg: 'Field required', type: 'missing' }],
      })
    }
    assert.equal(await refused({}, 'nope'), [
      { loc: ['query', 'workflow_id'], msg: "Unknown workflow 'nope'", type: 'value_error' },
    ])
  })

  test('a missing required input', async () => {
    assert.equal(await refused({}, 'bncu0a1kipv'), [
      { loc: ['body', 'text_51536'], msg: 'Field required', type: 'missing' },
    ])
  })

  test('all problems at once', async () => {
    const file = new Blob(['x'])
    const problems = await refused({
      count: 'many',
      flag: 'yes',
      picture: 'a cat',
      any: '',
      list: ['a', 'b', file],
      numbers_1: 'x',
      numbers_0: '1',
      list_7: ['a', 'b'],
      other: 'x',
      text_0: 'x',
    })
    assert.equal(problems, [
      { loc: ['body', 'text'], msg: 'Field required', type: 'missing' },
      { loc: ['body', 'count'], msg: 'Input should be a valid finite number', type: 'float_parsing' },
      { loc: ['body', 'flag'], msg: "Input should be 'true' or 'false'", type: 'bool_parsing' },
      {
        loc: ['body', 'picture'],
        msg: 'Input should be an image: a file part, a data: URL or an http(s) URL',
        type: 'value_error',
      },
      {
        loc: ['body', 'any'],
        msg: 'Input should be a file: a file part, a data: URL or an http(s) URL',
        type: 'value_error',
      },
      { loc: ['body', 'list'], msg: 'Input should be a valid string', type: 'string_type' },
      { loc: ['body', 'numbers_1'], msg: 'Input should be a valid finite number', type: 'float_parsing' },
      { loc: ['body', 'list_7'], msg: 'Input takes one value, got 2', type: 'too_many_values' },
      { loc: ['body', 'other'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' },
      { loc: ['body', 'text_0'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' },
    ])
  })

  test('a file for a string, a number or a boolean', async () => {
    for (const name of ['text', 'count', 'flag']) {
      const problems = await refused({ text: 't', [name]: new Blob(['1']) })
      assert.equal(pluck(problems as any[], 'loc'), [['body', name]])
    }
  })

  test('what is no number', async () => {
    for (const count of ['', ' ', 'NaN', 'Infinity', '-Infinity', '1,5', '1 2'])
      await refused({ text: '', count })
    for (const flag of ['True', '1', '']) await refused({ text: '', flag })
  })

  test('strings, numbers and booleans are decoded', async () => {
    const { inputs, shown } = await taken({ text: 'Grüße, "你好" 🎨', count: ' -1.5e2 ', flag: 'false' })
    assert.equal(inputs, { text: 'Grüße, "你好" 🎨', count: -150, flag: false })
    assert.equal(shown, [
      { path: 'text', value: 'Grüße, "你好" 🎨' },
      { path: 'count', value: -150 },
      { path: 'flag', value: false },
    ])
    assert.equal((await taken({ text: '' })).inputs, { text: '' })
  })

  test('files are decoded', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
    const data = new FormData()
    data.append('text', 't')
    data.append('picture', new Blob([bytes], { type: 'image/png' }), 'my cat.png')
    const { body } = await api.post('/api/v1/runs?workflow_id=all', data)
    const run = await ended(api, body.data.run_id)
    assert.equal(run.inputs[1], { path: 'picture', value: 'my cat.png' })
    const { name, type, data: arrived } = got!.picture as InputFile
    assert.equal([name, type], ['my cat.png', 'image/png'])
    assert.instance(arrived, Uint8Array)
    assert.equal(arrived, bytes)
  })

  test('data: URLs are decoded', async () => {
    for (const [url, type, text, name] of [
      ['data:text/plain;base64,aMOk', 'text/plain', 'hä', 'any.txt'],
      ['data:image/png;base64,aGk%3D', 'image/png', 'hi', 'any.png'],
      ['DATA:application/json,%7B%22a%22:1}', 'application/json', '{"a":1}', 'any.json'],
      ['data:,100%25%', 'text/plain', '100%%', 'any.txt'],
      ['data:text/plain;charset=utf-8,ä', 'text/plain;charset=utf-8', 'ä', 'any.txt'],
    ] as const) {
      const { inputs, shown } = await taken({ any: url })
      const file = inputs.any as InputFile
      assert.equal([file.name, file.type, new TextDecoder().decode(file.data)], [name, type, text])
      assert.equal(shown[1], { path: 'any', value: name })
    }
    for (const any of ['data:', 'data:image/png', 'data:image/png;base64,%%%', 'data:;base64,a']) {
      await refused({ text: 't', any })
    }
  })

  test('a URL on the network passes the check and fails the run', async () => {
    const url = 'https://example.com/cat.png'
    const run = await ended(api, await api.run('all', { text: 't', picture: url }))
    assert.equal([run.status, run.inputs[1]], ['failed', { path: 'picture', value: url }])
    assert.is(
      run.error,
      `The emulator fetches nothing from the network: send picture as a file, not as ${url}`,
    )
    const text = await taken({ text: url })
    assert.equal(text.inputs, { text: url })
  })

  test('arrays: the repeated key, the numbered form, both', async () => {
    assert.equal((await taken({ list: ['a', 'b'] })).inputs.list, ['a', 'b'])
    assert.equal((await taken({ list: 'a' })).inputs.list, ['a'])
    const numbered = await taken({ list_10: 'c', list_2: 'b', list_0: 'a', list_7: 'own' })
    assert.equal(numbered.inputs, { text: 't', list: ['a', 'b', 'c'], list_7: 'own' })
    assert.equal((await taken({ numbers_1: '2', numbers: '1' })).inputs.numbers, [1, 2])
    const { inputs, shown } = await taken({
      files: [new Blob(['1']), new Blob(['2'])],
      files_0: 'data:video/mp4,3',
    })
    const files = inputs.files as InputFile[]
    assert.equal(
      files.map(({ data }) => new TextDecoder().decode(data)),
      ['1', '2', '3'],
    )
    assert.equal(shown[1], { path: 'files', value: ['blob', 'blob', 'files.mp4'] })
  })

  test('names that objects inherit are ordinary names', async () => {
    const problems = await refused({ text: 't', constructor: 'x', ['__proto__']: 'y', toString: 'z' })
    assert.ok(problems.length >= 2)
  })

  test('an empty form, an empty body, a url-encoded form', async () => {
    assert.is((await api.post('/api/v1/runs?workflow_id=fa1lsa1ways0', form())).status, 200)
    assert.is((await api.post('/api/v1/runs?workflow_id=fa1lsa1ways0')).status, 200)
    const params = new URLSearchParams({ text: 'hi', count: '3' })
    const { body } = await api.post('/api/v1/runs?workflow_id=all', params)
    await ended(api, body.data.run_id)
    assert.equal(got, { text: 'hi', count: 3 })
  })

  test('bodies that are no form', async () => {
    const before = api.emulator.stats.runsStarted
    const headers = { 'content-type': 'application/json' }
    for (const text of ['{"text":"x"}', '{broken']) {
      const { status, body } = await api.post('/api/v1/runs?workflow_id=all', text, { headers })
      assert.is(status, 422)
      assert.equal(body, {
        detail: [{ loc: ['body'], msg: 'The body must be multipart/form-data', type: 'value_error' }],
      })
    }
    const broken = { 'content-type': 'multipart/form-data; boundary=x' }
    for (const text of ['no boundary here', '--x\r\nContent-Disp']) {
      const { status, body } = await api.post('/api/v1/runs?workflow_id=all', text, { headers: broken })
      assert.is(status, 400)
      assert.equal(body, { status: 'error', errors: ['There was an error parsing the body'] })
    }
    assert.is(api.emulator.stats.runsStarted, before)
  })
}

for (const dialect of DIALECTS) {
  const test = suite(`422, ${dialect}`)

  test('FastAPI form in every dialect', async () => {
    const api = await open('emulator.fetch', { dialect })
    const { status, body } = await api.post(
      '/api/v1/runs?workflow_id=a9bc45rt2kpm',
      form({ prompt: 'x', y: 'z' }),
    )
    assert.is(status, 422)
    assert.equal(body, {
      detail: [
        { loc: ['body', 'image_input'], msg: 'Field required', type: 'missing' },
        { loc: ['body', 'y'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' },
      ],
    })
    await api.close()
  })
}
