import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { assert, rejects, suite } from '#test'
import {
  type Draft,
  EngineError,
  type Input,
  InputError,
  type Problem,
  type Workflow,
} from '../../../../../packages/gateway/src/engine.ts'
import { createFormHash } from '../../../../../packages/gateway/src/http/form/createFormHash.ts'
import { readSubmission } from '../../../../../packages/gateway/src/http/form/readForm.ts'
import { heldBytes } from '../../../../support/memory.ts'

const test = suite('form')
const MAX = 50_000_000
const input = (kind: Input['kind'], more: Partial<Input> = {}): Input => ({
  kind,
  required: false,
  array: false,
  ...more,
})
const workflow: Workflow = {
  id: 'all',
  name: 'All kinds',
  description: '',
  inputs: new Map([
    ['text', input('string')],
    ['count', input('number')],
    ['flag', input('boolean')],
    ['picture', input('image')],
    ['any', input('file')],
    ['list', input('string', { array: true })],
    ['files', input('video', { array: true })],
    ['list_7', input('string')],
    ['steps', input('number', { integer: true, min: 1, max: 10 })],
    ['style', input('string', { options: ['a', 'b', 'c'] })],
    ['size', input('number', { options: [1, 2] })],
    ['many', input('string', { options: Array.from({ length: 14 }, (_, i) => `o${i}`) })],
    ['eleven', input('string', { options: Array.from({ length: 11 }, (_, i) => `o${i}`) })],
    ['none', input('string', { options: [] })],
  ]),
  outputs: new Map(),
}

interface Kept {
  input: string
  name: string
  type: string
  text: string
}

/** A draft that keeps what it takes. */
function keep(): { draft: Draft; kept: Kept[] } {
  const kept: Kept[] = []
  return {
    kept,
    draft: draftOf(async (input, { name, type, body }) => {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer())
      const file = { input, name, type, text: new TextDecoder().decode(bytes) }
      kept.push(file)
      return file
    }),
  }
}

function draftOf(putFile: Draft['putFile']): Draft {
  return {
    workflow,
    putFile,
    async putUrl(input, url) {
      if (url.includes('bad')) {
        const problem = (msg: string) => ({ loc: ['body', input], msg, type: 'value_error' })
        throw new InputError([problem('Not from there'), problem('Not today')])
      }
      return { input, url }
    },
    submit: () => Promise.reject(new Error('not here')),
  }
}

const draftFor = (inputs: Workflow['inputs'], draft = keep().draft): Draft => ({
  ...draft,
  workflow: { ...workflow, inputs },
})

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

function requestOf(chunks: Chunks, type: string, init: RequestInit = {}): Request {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
  const headers = { 'content-type': type, ...init.headers }
  return new Request('http://x/', { ...init, method: 'POST', headers, body, duplex: 'half' } as RequestInit)
}

type Fields = Record<string, string | Blob | (string | Blob)[]>

function formOf(fields: Fields): Request {
  const data = new FormData()
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) data.append(name, value)
  }
  return new Request('http://x/', { method: 'POST', body: data })
}

const read = (request: Request, draft = keep().draft, maxBodyBytes = MAX) =>
  readSubmission(draft, { request, maxBodyBytes })

const rejected = (
  request: Request,
  fields: object,
  draft?: Draft,
  maxBodyBytes?: number,
): Promise<EngineError> => rejects(read(request, draft, maxBodyBytes), EngineError, fields)

const problems = async (fields: Fields, draft?: Draft): Promise<readonly Problem[]> =>
  (await rejects(read(formOf(fields), draft), InputError)).problems

const BOUNDARY = '-x--'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`

function rawPart(disposition: string, body: string, more = ''): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${body}\r\n`
}

const cut = (body: Buffer, size: number) =>
  Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, (i + 1) * size))

const raw = (...parts: string[]) => Buffer.from(`${parts.join('')}--${BOUNDARY}--\r\n`)

test('a form cut anywhere is the same form', async () => {
  const like = `\r\n--\r\n\r\n--${BOUNDARY.slice(0, -1)}\r--\r\n-\r\n--${BOUNDARY.slice(0, 3)}`
  const body = raw(
    rawPart('name="text"', 'Grüße, "你好" 🎨'),
    rawPart('name="picture"; filename="猫 \\"x\\".png"', like, 'Content-Type: image/png\r\n'),
    rawPart('name="list"', ''),
    rawPart('name="any"', 'data:text/plain;base64,aMOk%0AaMO  k'),
    rawPart('name="files"; filename="a%22b.mp4"', '', 'Content-Type: video/mp4\r\n'),
    rawPart('name="files"; filename=""', '--', 'Content-Type: video/mp4\r\n'),
    rawPart('name="list_0"', `x--${BOUNDARY}--`),
    rawPart('name="count"', '-1.5e2'),
  )
  const { draft, kept } = keep()
  const whole = await read(requestOf([body], TYPE), draft)
  assert.equal(whole.inputs, [
    { path: 'text', value: 'Grüße, "你好" 🎨' },
    { path: 'count', value: -150 },
    { path: 'picture', value: '猫 "x".png' },
    { path: 'any', value: 'any.txt' },
    { path: 'list', value: ['', `x--${BOUNDARY}--`] },
    { path: 'files', value: ['a"b.mp4', 'blob'] },
  ])
  assert.equal(kept, [
    { input: 'picture', name: '猫 "x".png', type: 'image/png', text: like },
    { input: 'any', name: 'any.txt', type: 'text/plain', text: 'hähä' },
    { input: 'files', name: 'a"b.mp4', type: 'video/mp4', text: '' },
    { input: 'files', name: 'blob', type: 'video/mp4', text: '--' },
  ])
  assert.equal(await read(requestOf([body.subarray(0, -2)], TYPE)), whole, 'without the last line break')
  for (let at = 1; at < body.length; at++) {
    assert.equal(
      await read(requestOf([body.subarray(0, at), body.subarray(at)], TYPE)),
      whole,
      `cut at ${at}`,
    )
  }
  for (const size of [1, 2, 3, 5, 7, 11]) {
    assert.equal(await read(requestOf(cut(body, size), TYPE)), whole, `pieces of ${size}`)
  }
})

test('all problems at once, each with its place', async () => {
  const file = new Blob(['x'])
  const found = await problems({
    other: file,
    constructor: 'x',
    ['__proto__']: 'y',
    toString: 'z',
    text_0: 'x',
    count: file,
    flag: '1',
    picture: 'a cat',
    any: '',
    list: ['a', 'b', file],
    files_1: 'data:video/mp4;base64,a',
    files_0: 'https://bad.example/x',
    list_7: ['a', 'b'],
    steps: '0',
    style: 'd',
    size: '3',
    many: 'o14',
    eleven: 'o11',
    none: '',
  })
  assert.equal(
    found.map(({ loc: [body, name], type }) => `${body} ${name} ${type}`),
    [
      'body count float_parsing',
      'body flag bool_parsing',
      'body picture value_error',
      'body any value_error',
      'body list string_type',
      'body files value_error',
      'body files value_error',
      'body files_1 value_error',
      'body list_7 too_many_values',
      'body steps greater_than_equal',
      'body style literal_error',
      'body size literal_error',
      'body many literal_error',
      'body eleven literal_error',
      'body none literal_error',
      ...['other', 'constructor', '__proto__', 'toString', 'text_0'].map(
        (name) => `body ${name} extra_forbidden`,
      ),
    ],
  )
})

test('a line break in a text is LF, as in ComfyUI, though a form has CRLF', async () => {
  const { values, inputs } = await read(formOf({ text: 'a\nb\r\nc' }))
  assert.equal([values, inputs], [{ text: 'a\nb\nc' }, [{ path: 'text', value: 'a\nb\nc' }]])
})

test('a path in the place of a file is named', async () => {
  for (const picture of [
    ...['cat.png', './photos/cat', 'C:\\\\cats\\\\tom.jpeg', '~/x.webp', 'file:///a/b'],
    ...['a cat', 'data:image/png;base64,%', 'a/b\nc', 'ftp://pod.test/a.png', 'blob:https://pod.test/1'],
  ]) {
    await problems({ picture })
  }
})

test('a required input', async () => {
  const inputs = new Map([['a', input('image', { required: true })]])
  const [problem, ...others] = await problems({}, draftFor(inputs))
  assert.equal([problem!.loc, problem!.type, others], [['body', 'a'], 'missing', []])
})

test('inputs may have the names that objects inherit', async () => {
  const inputs = new Map(
    ['__proto__', 'constructor', 'toString'].map((name) => [name, input('string')] as const),
  )
  const form = formOf({ ['__proto__']: 'a', constructor: 'b', toString: 'c' })
  const { values } = await read(form, draftFor(inputs))
  assert.equal(Object.entries(values), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['toString', 'c'],
  ])
  assert.is(Object.getPrototypeOf(values), Object.prototype)
})

test('numbers and booleans', async () => {
  const taken = async (key: string, text: string) => (await read(formOf({ [key]: text }))).values[key]
  for (const [text, value] of [
    [' -1.5e2 ', -150],
    ['+7', 7],
    ['.5', 0.5],
    ['5.', 5],
    ['1E3', 1000],
    ['1e20', 1e20],
    ['-9007199254740991', -9007199254740991],
  ] as const) {
    assert.is(await taken('count', text), value, text)
  }
  assert.is(await taken('steps', '3.0'), 3)
  assert.is(await taken('count', `${'0'.repeat(399)}7`), 7)
  assert.equal([await taken('flag', 'true'), await taken('flag', 'false')], [true, false])
  const refused = async (key: string, text: string) => (await problems({ [key]: text }))[0]?.type
  const words = [
    '',
    ' ',
    '.',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '0b1',
    '1e400',
    '1,5',
    '1 2',
    '1_0',
    '0'.repeat(401),
  ]
  for (const text of words) assert.is(await refused('count', text), 'float_parsing', text)
  for (const text of ['True', '1', '0', 'yes', '']) assert.is(await refused('flag', text), 'bool_parsing')
  assert.is(await refused('steps', '2.5'), 'int_type')
  assert.is(await refused('steps', '11'), 'less_than_equal')
  assert.is(await refused('steps', '1e300'), 'int_parsing_size')
  for (const text of ['9007199254740993', '-18446744073709551615', '9007199254740992']) {
    assert.is(await refused('count', text), 'int_parsing_size', text)
  }
})

test('arrays: the repeated key, the numbered form, both', async () => {
  const { values } = await read(
    formOf({ list_10: 'd', list_2: 'c', list: ['a', 'b'], list_7: 'own', text: 'https://x/y' }),
  )
  assert.equal(values, { text: 'https://x/y', list: ['a', 'b', 'c', 'd'], list_7: 'own' })
  assert.equal((await read(formOf({ list: 'a' }))).values, { list: ['a'] })
})

test('data: URLs and addresses of files', async () => {
  for (const [url, type, text, name] of [
    ['data:text/plain;base64,aMOk', 'text/plain', 'hä', 'any.txt'],
    ['data:image/png;base64,aGk%3D', 'image/png', 'hi', 'any.png'],
    ['data:image/png;base64,aGk', 'image/png', 'hi', 'any.png'],
    ['DATA:application/json,%7B%22a%22:1}', 'application/json', '{"a":1}', 'any.json'],
    ['data:,100%25%', 'text/plain', '100%%', 'any.txt'],
    ['data:text/plain;charset=utf-8,ä', 'text/plain;charset=utf-8', 'ä', 'any.txt'],
    ['data:;base64,', 'text/plain', '', 'any.txt'],
    ['data:audio/flac,x', 'audio/flac', 'x', 'any.flac'],
    ['data:audio/ogg,x', 'audio/ogg', 'x', 'any.ogg'],
    ['data:image/heic,x', 'image/heic', 'x', 'any.heic'],
    ['data:application/x-own,x', 'application/x-own', 'x', 'any.bin'],
  ] as const) {
    const body = raw(rawPart('name="any"', url))
    for (const size of [1, 2, 3, body.length]) {
      const { draft, kept } = keep()
      const { inputs } = await read(requestOf(cut(body, size), TYPE), draft)
      assert.equal(kept, [{ input: 'any', name, type, text }])
      assert.equal(inputs, [{ path: 'any', value: name }])
    }
  }
  for (const any of [
    'data:',
    'data',
    'data:image/png',
    'data:image/png;base64,%%%',
    'data:;base64,a',
    'data:;base64,aGk=aGk=',
    `data:;base64,${'aaaa'.repeat(30_000)}====`,
    `data:${'x'.repeat(10_000)},`,
    'ftp://x/y',
  ]) {
    assert.is((await problems({ any }))[0]?.type, 'value_error', any.slice(0, 30))
  }
  const padded = raw(rawPart('name="any"', `data:;base64,${'aaaa'.repeat(9)}aaa=${'aaaa'.repeat(9)}`))
  const at = padded.indexOf('aaa=') + 4
  const chunks = [padded.subarray(0, at), padded.subarray(at)]
  await rejects(read(requestOf(chunks, TYPE)), InputError)
  const url = 'HTTPS://example.com/a,b.png'
  const { values, inputs } = await read(formOf({ picture: url }))
  assert.equal(values, { picture: { input: 'picture', url } })
  assert.equal(inputs, [{ path: 'picture', value: url }])
})

test('the type of a data: URL fits the kind of its input', async () => {
  const inputs = new Map((['image', 'video', 'audio', 'file'] as const).map((kind) => [kind, input(kind)]))
  const kindsOf = async (type: string): Promise<string[]> => {
    const fields = Object.fromEntries([...inputs.keys()].map((kind) => [kind, `data:${type},x`]))
    const { draft, kept } = keep()
    const reading = read(formOf(fields), draftFor(inputs, draft))
    const { problems = [] } = await reading.catch((error) => error)
    for (const { loc, msg } of problems) assert.match(`${loc} ${msg}`, /^body,(\w+) Input should be an? \1: /)
    assert.is(problems.length + kept.length, 4, type)
    return kept.map((file) => file.input)
  }
  assert.equal(await kindsOf('image/png'), ['image', 'file'])
  assert.equal(await kindsOf('IMAGE/GIF;x=y'), ['image', 'video', 'file'])
  assert.equal(await kindsOf('video/webm'), ['video', 'audio', 'file'])
  assert.equal(await kindsOf('audio/wav; codecs=1'), ['audio', 'file'])
  assert.equal(await kindsOf('application/octet-stream'), ['image', 'video', 'audio', 'file'])
  // Without a type, a data: URL is text.
  for (const type of ['text/plain', '', ';charset=utf-8', 'text/image/png', 'application/pdf'])
    assert.equal(await kindsOf(type), ['file'], type)
  await problems({ picture: 'data:text/plain,x' })
})

test('a large data: URL is larger than a text may be', async () => {
  const bytes = Uint8Array.from({ length: 6_000_001 }, (_, i) => (i * 7) % 251)
  let got = new Uint8Array()
  const draft = draftOf(async (_input, { body }) => {
    got = new Uint8Array(await new Response(body).arrayBuffer())
    return {}
  })
  await read(formOf({ picture: `data:image/png;base64,${Buffer.from(bytes).toString('base64')}` }), draft)
  assert.ok(Buffer.from(got).equals(bytes))
})

test('names of files', async () => {
  for (const [header, name] of [
    ['filename="../../etc/passwd"', 'passwd'],
    ['filename="C:\\\\fake\\\\cat.png"', 'cat.png'],
    ['filename="C:\\new\\cat.png"', 'cat.png'],
    ['filename=".."', 'blob'],
    ['filename="a/"', 'blob'],
    ['filename="a%0D%0Ab\tc.png"', 'abc.png'],
    ['filename="x.png"; filename*=UTF-8\'\'%e2%82%ac%2F%e7%8c%ab.png', '猫.png'],
    ['filename=plain.png', 'plain.png'],
    ['filename="a; name=\\"b\\".png"', 'a; name="b".png'],
  ] as const) {
    const { draft, kept } = keep()
    const { inputs } = await read(requestOf([raw(rawPart(`name="any"; ${header}`, 'x'))], TYPE), draft)
    assert.equal([kept[0]?.name, inputs[0]?.value], [name, name], header)
  }
  const { draft, kept } = keep()
  await read(
    requestOf([raw(rawPart('name="any"', 'x', 'Content-Type: application/octet-stream\r\n'))], TYPE),
    draft,
  )
  assert.equal(kept, [{ input: 'any', name: 'blob', type: 'application/octet-stream', text: 'x' }])
})

test('of several files for one value, the first is kept', async () => {
  const { draft, kept } = keep()
  const [problem] = await problems({ any: [new Blob(['a']), new Blob(['b'])] }, draft)
  assert.equal([problem!.type, kept.length], ['too_many_values', 1])
})

test('an empty form, an empty body, a url-encoded form', async () => {
  const nothing = { values: {}, inputs: [] }
  assert.equal(await read(formOf({})), nothing)
  assert.equal(await read(new Request('http://x/', { method: 'POST' })), nothing)
  assert.equal(await read(requestOf([new Uint8Array()], 'application/json')), nothing)
  const { draft, kept } = keep()
  const body = new URLSearchParams({ text: 'hä', count: '3', any: 'data:,x' })
  const { values } = await read(new Request('http://x/', { method: 'POST', body }), draft)
  assert.equal(values, { text: 'hä', count: 3, any: kept[0] })
})

test('bodies that are no form', async () => {
  const json = await rejects(read(requestOf([Buffer.from('{}')], 'application/json')), InputError)
  assert.equal(json.problems[0]!.loc, ['body'])
  const list = rawPart('name="list"', 'x')
  const good = String(raw(rawPart('name="text"', 'x')))
  for (const [text, type = TYPE] of [
    ['no boundary here'],
    [''],
    [`--${BOUNDARY}\r\nContent-Disp`],
    [good.slice(0, -4)],
    [good.slice(0, -3 - BOUNDARY.length)],
    [good, 'multipart/form-data'],
    [raw(rawPart('filename="x"', 'x'))],
    [raw(rawPart("name=any; filename*=UTF-8''%zz", 'x'))],
    [raw(rawPart("name=any; filename*=UTF-8'en'%zz", 'x'))],
    [raw(rawPart('name="any"; filename="x', 'x'))],
    [raw(rawPart(`name="any"; filename="${'\\'.repeat(9000)}x`, 'x'))],
    [raw(`--${BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n`)],
    [raw(list, `--${BOUNDARY}\r\nContent-Type: x\r\n`, list)],
    [raw(rawPart('name="list"', 'x', `X: ${'y'.repeat(20_000)}\r\n`))],
  ] as const) {
    await rejected(requestOf([Buffer.from(text)], type), { status: 400 })
  }
})

test('413: too many bytes, too much text, too many parts', async () => {
  const tooLarge = { status: 413 }
  const large = formOf({ any: new Blob([new Uint8Array(2000)]) })
  await rejected(large, tooLarge, keep().draft, 1000)
  const length = { headers: { 'content-length': '1001' } }
  const state = { bytes: 0, ended: false }
  await rejected(requestOf(endless(state), TYPE, length), tooLarge, keep().draft, 1000)
  assert.is(state.bytes, 0)

  const encoded = (fields: ConstructorParameters<typeof URLSearchParams>[0]) =>
    new Request('http://x/', { method: 'POST', body: new URLSearchParams(fields) })
  const long = 'x'.repeat(5_000_000)
  const thousand = Array.from({ length: 1000 }, () => 'a')
  for (const form of [
    formOf({ text: long }),
    formOf({ list: Array.from({ length: 5 }, () => long.slice(0, 1_000_000)) }),
    formOf({ any: long }),
    encoded({ text: long }),
    formOf({ list: [...thousand, 'b'] }),
    encoded('list=&'.repeat(1001)),
  ]) {
    await rejected(form, tooLarge)
  }
  // Of an input that there is not, nothing is kept.
  assert.is((await problems({ other: long }))[0]?.type, 'extra_forbidden')
  assert.is(((await read(formOf({ list: thousand }))).values.list as string[]).length, 1000)
})

const HEAD = Buffer.from(`${rawPart('name="any"; filename="x"', '').slice(0, -2)}`)

/** The start of a file that goes on for ever; `state` says how far it was read and whether it was cancelled. */
async function* endless(state: { bytes: number; ended: boolean } = { bytes: 0, ended: false }) {
  try {
    yield HEAD
    for (;;) {
      state.bytes += 16_384
      yield new Uint8Array(16_384)
    }
  } finally {
    state.ended = true
  }
}

function later() {
  let settle: (value?: unknown) => void = () => {}
  const promise = new Promise<unknown>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}

/** Lets everything happen that waits for nothing from outside. */
async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('a file that nobody reads stops the reading', async () => {
  const state = { bytes: 0, ended: false }
  let taken = 0
  const stall = later()
  const draft = draftOf(async (_input, { body }) => {
    const reader = body.getReader()
    taken += (await reader.read()).value!.byteLength
    await stall.promise
    for (let part = await reader.read(); taken < 5_000_000; part = await reader.read()) {
      taken += part.value!.byteLength
    }
    await reader.cancel()
    throw new EngineError(503, 'full')
  })
  const reading = rejected(requestOf(endless(state), TYPE), { status: 503 }, draft)
  await settle()
  assert.ok(taken > 0)
  assert.ok(state.bytes <= 512 * 1024, `${state.bytes} bytes were read`)
  stall.settle()
  await reading
  await settle()
  assert.ok(state.ended)
  assert.ok(state.bytes < 5_600_000, `${state.bytes} bytes were read`)
})

test('what the engine throws: an EngineError at once, an InputError with the other problems', async () => {
  for (const thrownByEngine of [new EngineError(503, 'full'), new TypeError('a defect')]) {
    for (const waits of [false, true]) {
      const state = { bytes: 0, ended: false }
      const draft = draftOf(async (_input, { body }) => {
        // With a read that is under way.
        if (waits) void body.getReader().read()
        throw thrownByEngine
      })
      assert.is(await rejects(read(requestOf(endless(state), TYPE), draft), Error), thrownByEngine)
      await settle()
      assert.ok(state.ended, 'the body is cancelled')
    }
  }
  const problem = { loc: ['body', 'any'], msg: 'No picture', type: 'value_error' }
  const file = new Blob([new Uint8Array(3_000_000)])
  for (const way of ['unread', 'half', 'cancelled']) {
    const draft = draftOf(async (_input, { body }) => {
      const reader = body.getReader()
      if (way !== 'unread') await reader.read()
      if (way === 'cancelled') await reader.cancel()
      throw new InputError([problem])
    })
    const found = await problems({ any: file, flag: '1', list: 'x', z: 'x' }, draft)
    assert.equal(
      found.map(({ loc }) => loc[1]),
      ['flag', 'any', 'z'],
      way,
    )
  }
})

test('an engine that gives up while it waits for more', async () => {
  async function* chunks() {
    yield Buffer.concat([HEAD, Buffer.from('some')])
    await settle()
    yield Buffer.from(`\r\n${raw(rawPart('name="flag"', '1'))}`)
  }
  for (const cancels of [false, true]) {
    const draft = draftOf(async (_input, { body }) => {
      const reader = body.getReader()
      await reader.read()
      void reader.read()
      await new Promise((resolve) => setImmediate(resolve))
      if (cancels) await reader.cancel().then(settle).then(settle)
      throw new InputError([])
    })
    const { problems } = await rejects(read(requestOf(chunks(), TYPE), draft), InputError)
    assert.is(problems[0]!.loc[1], 'flag')
  }
})

/** A draft that tells how the file's stream ended. */
function watching(): { draft: Draft; end: Promise<unknown>; started: Promise<unknown> } {
  const [started, end] = [later(), later()]
  return {
    started: started.promise,
    end: end.promise,
    draft: draftOf(async (_input, { body }) => {
      try {
        for await (const _ of body) started.settle()
        end.settle('whole')
      } catch (error) {
        end.settle(error)
        throw new EngineError(502, 'what an engine makes of it')
      }
      return {}
    }),
  }
}

test('a body that breaks off', async () => {
  async function* broken() {
    yield HEAD
    yield new Uint8Array(100_000)
    await settle()
    throw new Error('The client went away')
  }
  for (const chunks of [broken(), [HEAD, new Uint8Array(100_000)]]) {
    const { draft, end } = watching()
    assert.is(await rejected(requestOf(chunks, TYPE), { status: 400 }, draft), await end)
  }
})

test('a body that grows too large ends the file', async () => {
  const { draft, end } = watching()
  const error = await rejected(requestOf(endless(), TYPE), { status: 413 }, draft, 1_000_000)
  assert.is(await end, error)
})

test('an abort cancels the file, and rejects with its reason', async () => {
  const reason = new Error('enough')
  async function* hanging(state: { ended: boolean }) {
    try {
      yield HEAD
      yield new Uint8Array(100_000)
      await new Promise(() => {})
    } finally {
      state.ended = true
    }
  }
  for (const chunks of [endless, hanging]) {
    const aborter = new AbortController()
    const { draft, end, started } = watching()
    const state = { bytes: 0, ended: false }
    const reading = rejects(read(requestOf(chunks(state), TYPE, { signal: aborter.signal }), draft), Error)
    await started
    aborter.abort(reason)
    assert.is(await reading, reason)
    assert.is(await end, reason)
  }
  // An engine that hears of nothing.
  const aborter = new AbortController()
  const deaf = draftOf(() => {
    aborter.abort(reason)
    return new Promise(() => {})
  })
  const heard = rejects(read(requestOf(endless(), TYPE, { signal: aborter.signal }), deaf), Error)
  assert.is(await heard, reason)
  // Gone before, but all that was sent is here.
  const late = new Request(formOf({ text: 'hi' }), { signal: aborter.signal })
  assert.equal((await read(late)).values, { text: 'hi' })
})

test('256 MB on a real server in flat memory', async () => {
  const size = 256 * 1024 * 1024
  let [taken, next, most, mostRss] = [0, 0, 0, 0]
  const draft = draftOf(async (_input, { body }) => {
    for await (const chunk of body) {
      taken += chunk.byteLength
      if (taken < next) continue
      next += 8 * 1024 * 1024
      most = Math.max(most, heldBytes())
      mostRss = Math.max(mostRss, process.memoryUsage().rss)
    }
    return {}
  })
  const server = createServer(async (incoming, outgoing) => {
    const type = incoming.headers['content-type'] ?? ''
    const request = requestOf(incoming, type)
    const { inputs } = await readSubmission(
      draft,
      { request, maxBodyBytes: 2 * size },
      createFormHash('a-key', []),
    )
    outgoing.end(JSON.stringify(inputs))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [before, rss] = [heldBytes(), process.memoryUsage().rss]

  const outgoing = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-type': TYPE } })
  const answer = once(outgoing, 'response')
  const piece = new Uint8Array(64 * 1024).fill(0x2d)
  outgoing.write(HEAD)
  for (let sent = 0; sent < size; sent += piece.length) {
    if (!outgoing.write(piece)) await once(outgoing, 'drain')
  }
  outgoing.end(`\r\n--${BOUNDARY}--\r\n`)
  const [incoming] = await answer
  assert.is(await text(incoming), '[{"path":"any","value":"x"}]')
  assert.is(taken, size)
  const grown = Math.round((most - before) / 1024 / 1024)
  const grownRss = Math.round((mostRss - rss) / 1024 / 1024)
  console.log(`[show] a form of 256 MB: ${grown} MB more held, RSS ${grownRss} MB more`)
  assert.ok(grown < 32, `${grown} MB more are held`)
  server.close()
})
