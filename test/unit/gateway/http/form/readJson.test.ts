// The inputs of a submission as JSON, through the form's reader.
import { assert, rejects, suite } from '#test'
import {
  type Draft,
  EngineError,
  type Input,
  InputError,
} from '../../../../../packages/gateway/src/engine.ts'
import { createFormHash } from '../../../../../packages/gateway/src/http/form/createFormHash.ts'
import { hashSubmission, readSubmission } from '../../../../../packages/gateway/src/http/form/readForm.ts'
import { draft, workflow } from '../../fakeEngine.ts'

const test = suite('inputs as JSON')
const MB = 1024 * 1024
/** Less than 10 MB of base64. */
const LARGE = 9.875 * MB
const input = (kind: Input['kind'], more: Partial<Input> = {}): Input => ({
  kind,
  required: false,
  array: false,
  ...more,
})
const inputs = new Map([
  ['text', input('string')],
  ['count', input('number')],
  ['steps', input('number', { integer: true, min: 1, max: 10 })],
  ['flag', input('boolean')],
  ['picture', input('image')],
  ['list', input('string', { array: true })],
  ['sizes', input('number', { array: true })],
  ['must', input('string', { array: true, required: true })],
  ['__proto__', input('string')],
])

/** A draft that keeps the bytes of its files. */
function keep(): { draft: Draft; files: Uint8Array[] } {
  const files: Uint8Array[] = []
  return {
    files,
    draft: {
      ...draft,
      workflow: { ...workflow, inputs },
      async putFile(_input, { name, type, body }) {
        files.push(new Uint8Array(await new Response(body).arrayBuffer()))
        return { name, type }
      },
      putUrl: async (_input, url) => ({ url }),
    },
  }
}

const requestOf = (body: BodyInit, type = 'application/json; charset=utf-8'): Request =>
  new Request('http://x/', { method: 'POST', body, headers: { 'content-type': type } })

function read(
  body: BodyInit,
  { own = keep().draft, maxBodyBytes = 50 * MB, type = 'application/json' } = {},
) {
  return readSubmission(own, { request: requestOf(body, type), maxBodyBytes, takesJson: true })
}

/** The inputs, with the one that must be sent. */
const jsonOf = (fields: object): string => JSON.stringify({ must: ['x'], ...fields })

test('each type of JSON, as the workflow gets it', async () => {
  const { draft: own, files } = keep()
  const fields = {
    text: 'a\r\nb\rc\n"ä" \ud83e\udd8a',
    count: -1.5e-7,
    steps: 3,
    flag: false,
    picture: 'data:image/png;base64,aGk=',
    list: ['true', '', '7'],
    sizes: 4,
  }
  const { values, inputs: shown } = await read(jsonOf(fields), { own })
  const file = { name: 'picture.png', type: 'image/png' }
  assert.equal(values, { ...fields, picture: file, sizes: [4], must: ['x'] })
  assert.equal(shown.find(({ path }) => path === 'picture')?.value, 'picture.png')
  assert.is(new TextDecoder().decode(files[0]), 'hi')
  const { values: byUrl } = await read(jsonOf({ picture: 'https://x.test/a.png' }))
  assert.equal(byUrl.picture, { url: 'https://x.test/a.png' })
  const text = '\ufeff{"must":"x", "__proto__": "p", "picture":"data:image\\/png;base64,aGk\\u003d"}'
  assert.equal(Object.entries((await read(text, { own })).values), [
    ['picture', file],
    ['must', ['x']],
    ['__proto__', 'p'],
  ])
  assert.is(new TextDecoder().decode(files[1]), 'hi')
})

test('null, and an empty list where a list may be, are as good as nothing', async () => {
  assert.equal((await read(jsonOf({ text: null, list: [], picture: null }))).values, { must: ['x'] })
  for (const must of [null, [], undefined]) {
    const { problems } = await rejects(read(jsonOf({ must })), InputError)
    assert.equal(problems, [{ loc: ['body', 'must'], msg: 'Field required', type: 'missing' }])
  }
})

test('a value of another type is refused by the name of its input', async () => {
  const wrong: [name: string, value: unknown, type: string, index?: number][] = [
    ['text', 7, 'string_type'],
    ['text', true, 'string_type'],
    ['text', {}, 'string_type'],
    ['text', ['a'], 'too_many_values'],
    ['text', ['a', 'b'], 'too_many_values'],
    ['text', [], 'too_many_values'],
    ['count', '7', 'float_type'],
    ['count', true, 'float_type'],
    ['count', 2 ** 53, 'int_parsing_size'],
    ['count', -1e20, 'int_parsing_size'],
    ['steps', 2.5, 'int_type'],
    ['steps', 11, 'less_than_equal'],
    ['flag', 'true', 'bool_type'],
    ['flag', 1, 'bool_type'],
    ['picture', 5, 'string_type'],
    ['picture', 'cat.png', 'value_error'],
    ['picture', 'data:text/plain,x', 'value_error'],
    ['list', ['a', null], 'string_type', 1],
    ['list', [[]], 'string_type', 0],
    ['sizes', [1, '2'], 'float_type', 1],
    ['nothing', 'a', 'extra_forbidden'],
    ['nothing', { a: 1 }, 'extra_forbidden'],
  ]
  for (const [name, value, type, index] of wrong) {
    const { problems } = await rejects(read(jsonOf({ [name]: value })), InputError)
    const loc = ['body', name, ...(index === undefined ? [] : [index])]
    assert.equal(
      problems.map((problem) => [problem.loc, problem.type]),
      [[loc, type]],
      jsonOf({ [name]: value }),
    )
    assert.not.match(problems[0]!.msg, /part|itself/)
  }
  const { problems } = await rejects(read('{"count":9007199254740993,"flag":1e400}'), InputError)
  assert.equal(
    problems.map(({ type }) => type),
    ['int_parsing_size', 'bool_type', 'missing'],
  )
})

test('the limits: bytes, bytes without data: URLs, depth, parts', async () => {
  const data = `data:image/png;base64,${'A'.repeat(LARGE)}`
  const url = (fields: object) => jsonOf({ picture: data, ...fields })
  const { draft: own, files } = keep()
  await read(url({ text: 'a'.repeat(0.05 * MB) }), { own })
  assert.is(files[0]!.byteLength, (LARGE * 3) / 4)
  await read(jsonOf({ text: 'a'.repeat(0.9 * MB) }))
  const list = (count: number) => jsonOf({ list: Array.from({ length: count }, () => 'data:,') })
  await read(list(900))
  for (const [body, options] of [
    [url({ text: 'a'.repeat(0.2 * MB) })],
    [jsonOf({ text: 'a'.repeat(1.1 * MB) })],
    [jsonOf({ text: `data:${'a'.repeat(5 * MB)}` })],
    [jsonOf({ [`data:${'a'.repeat(1.1 * MB)}`]: 'x' })],
    [list(1001)],
    [list(400_000)],
    [' '.repeat(1.1 * MB)],
    [jsonOf({}), { maxBodyBytes: 5 }],
  ] as const) {
    const { message } = await rejects(read(body, options), EngineError, { status: 413 })
    assert.match(message, /\bJSON\b/)
  }
  assert.equal((await rejects(read(jsonOf({ list: [[[1]]] })), InputError)).problems[0]!.loc, [
    'body',
    'list',
    0,
  ])
  for (const body of [jsonOf({ list: [[[[1]]]] }), '['.repeat(100_000)]) {
    const { problems } = await rejects(read(body), InputError)
    assert.equal([problems[0]!.loc, problems[0]!.type], [['body'], 'too_deep'])
  }
})

test('a large data: URL lets others have their turn', async () => {
  let turns = 0
  const timer = setInterval(() => turns++)
  const before = turns
  await read(jsonOf({ picture: `data:image/png;base64,${'A'.repeat(6 * MB)}` }))
  clearInterval(timer)
  assert.ok(turns - before > 50, `${turns - before} turns`)
})

test('what is no JSON, no object, or of another type', async () => {
  for (const body of ['', '{', '{"text":"a"} x', '{"text":"a\nb"}', new Uint8Array([0x22, 0xff, 0x22])]) {
    const error = await read(body).catch((thrown) => thrown)
    assert.equal([error.status, error.message.startsWith('The body is no JSON: ')], [400, true], String(body))
  }
  for (const body of ['null', '[]', '"a"', '7']) {
    const { problems } = await rejects(read(body), InputError)
    assert.equal([problems[0]!.loc, problems[0]!.type], [['body'], 'dict_type'])
  }
  for (const type of ['text/plain', 'application/xml', 'application/jsonl', 'application/octet-stream'])
    await rejects(read('{}', { type }), EngineError, { status: 415 })
  const { values } = await read('must=x&count=7', { type: 'application/x-www-form-urlencoded' })
  assert.equal(values, { count: 7, must: ['x'] })
})

test('its hash is the one of a form with the same inputs', async () => {
  const hashOf = async (request: Request): Promise<string> => {
    const hash = createFormHash('k', ['w', null])
    return (await hashSubmission({ request, maxBodyBytes: 50 * MB, takesJson: true }, hash)).hash
  }
  const data = `data:image/png;base64,${'A'.repeat(200_000)}`
  const form = new FormData()
  for (const [name, value] of [
    ['list', 'a'],
    ['picture', data],
    ['count', '7'],
    ['flag', 'true'],
    ['list', 'b'],
  ] as const) {
    form.append(name, value)
  }
  const expected = await hashOf(new Request('http://x/', { method: 'POST', body: form }))
  const fields = { count: 7.0, flag: true, list: ['a', 'b'], picture: data, text: null }
  assert.is(await hashOf(requestOf(JSON.stringify(fields, null, 2))), expected)
  const escaped = JSON.stringify(fields).replaceAll('/', '\\/')
  assert.is(await hashOf(requestOf(escaped)), expected)
  assert.is(await hashOf(requestOf(JSON.stringify({ ...fields, sizes: [] }))), expected)
  const other = { ...fields, list: ['b', 'a'] }
  assert.is.not(await hashOf(requestOf(JSON.stringify(other))), expected)
  const hash = createFormHash('k', ['w', null])
  const request = requestOf(JSON.stringify({ ...fields, sizes: [] }))
  const own = { ...keep().draft, workflow: { ...workflow, inputs: new Map([...inputs].slice(0, 7)) } }
  await readSubmission(own, { request, maxBodyBytes: 50 * MB, takesJson: true }, hash)
  assert.is((await hash.digest()).hash, expected)
})
