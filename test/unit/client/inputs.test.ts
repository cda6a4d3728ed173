import { createReadStream, openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ArgumentError, type ExecuteOptions, executeWorkflow, toFile } from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { clientWith } from '../../support/clientWith.ts'
import { fakeFetch, ok } from '../../support/fakes.ts'
import { listen } from '../../support/listen.ts'
import { readBody, readParts, type WirePart } from '../../support/multipart.ts'

const test = suite('inputs')

let received: WirePart[] = []
let server: Awaited<ReturnType<typeof listen>>
test.before(async () => {
  server = await listen(async (request, response) => {
    received = readParts(await readBody(request), request.headers['content-type'])
    response.end('{"status":"success","data":{"run_id":"r"}}')
  })
})
test.after(() => server.close())

/** The parts that a real server receives. */
async function sent(inputs: unknown, options?: ExecuteOptions): Promise<WirePart[]> {
  received = []
  await executeWorkflow(clientWith(undefined, { baseUrl: server.url }), 'w', inputs as never, options)
  return received
}
const texts = async (inputs: unknown, options?: ExecuteOptions) =>
  (await sent(inputs, options)).map((part) => {
    assert.not('filename' in part)
    return [part.name, part.text]
  })

/** The error for inputs that can't be sent; nothing is. */
async function refused(inputs: unknown, options?: ExecuteOptions) {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  const error = await rejects(
    executeWorkflow(clientWith(fetch), 'w', inputs as never, options),
    ArgumentError,
  )
  assert.not('maybeSubmitted' in error)
  assert.is(fetch.calls.length, 0)
  return error
}

test('texts: strings, numbers, bigints, booleans, dates', async () => {
  assert.equal(
    await texts({
      text_51536: 'a lighthouse at dusk',
      empty: '',
      unicode: 'äöü € 😀 \u2028',
      quotes: '"\'`\\/',
      url: 'https://example.test/cat.png?a=b&c',
      data: 'data:image/png;base64,AAAA',
      zero: 0,
      minus: -1.5,
      big: 1e21,
      negativeZero: -0,
      bigint: 12345678901234567890n,
      yes: true,
      no: false,
      date: new Date(0),
      object: { a: [1, 'x', null, true], b: { c: 'ä' } },
      bare: Object.assign(Object.create(null), { a: 1 }),
      none: {},
    }),
    [
      ['text_51536', 'a lighthouse at dusk'],
      ['empty', ''],
      ['unicode', 'äöü € 😀 \u2028'],
      ['quotes', '"\'`\\/'],
      ['url', 'https://example.test/cat.png?a=b&c'],
      ['data', 'data:image/png;base64,AAAA'],
      ['zero', '0'],
      ['minus', '-1.5'],
      ['big', '1e+21'],
      ['negativeZero', '0'],
      ['bigint', '12345678901234567890'],
      ['yes', 'true'],
      ['no', 'false'],
      ['date', '1970-01-01T00:00:00.000Z'],
      ['object', '{"a":[1,"x",null,true],"b":{"c":"ä"}}'],
      ['bare', '{"a":1}'],
      ['none', '{}'],
    ],
  )
})

test('undefined is left out, everywhere', async () => {
  assert.equal(await texts({ a: undefined, b: 'x', c: [undefined, 1, undefined, 2], d: { e: undefined } }), [
    ['b', 'x'],
    ['c', '1'],
    ['c', '2'],
    ['d', '{}'],
  ])
})

test('arrays: repeated, or numbered', async () => {
  const inputs = { a: ['x', 1, true, new Date(0), { y: 1 }], none: [], b: 'z' }
  const values = ['x', '1', 'true', '1970-01-01T00:00:00.000Z', '{"y":1}']
  const repeated = [...values.map((value) => ['a', value]), ['b', 'z']]
  assert.equal(await texts(inputs), repeated)
  assert.equal(await texts(inputs, { arrays: 'repeat' }), repeated)
  assert.equal(await texts(inputs, { arrays: 'indexed' }), [
    ...values.map((value, index) => [`a_${index}`, value]),
    ['b', 'z'],
  ])
  // biome-ignore lint/suspicious/noSparseArray: that is the point
  assert.equal(await texts({ a: ['x', , undefined, 'y'] }, { arrays: 'indexed' }), [
    ['a_0', 'x'],
    ['a_1', 'y'],
  ])
})

test('arrays of files', async () => {
  const inputs = {
    images: [new Blob(['1'], { type: 'image/png' }), Buffer.from('2'), toFile(Buffer.from('3'), 'c.gif')],
  }
  const names = async (options?: ExecuteOptions) =>
    (await sent(inputs, options)).map(({ name, filename, text }) => [name, filename, text])
  assert.equal(await names(), [
    ['images', 'images.png', '1'],
    ['images', 'images.bin', '2'],
    ['images', 'c.gif', '3'],
  ])
  assert.equal(await names({ arrays: 'indexed' }), [
    ['images_0', 'images_0.png', '1'],
    ['images_1', 'images_1.bin', '2'],
    ['images_2', 'c.gif', '3'],
  ])
})

test('no inputs: an empty form', async () => {
  assert.equal(await sent({}), [])
  assert.equal(await sent({ a: undefined, b: [] }), [])
})

test('JSON: toJSON is obeyed, in plain objects', async () => {
  class Money {
    toJSON() {
      return '5 EUR'
    }
  }
  assert.equal(await texts({ a: { price: new Money(), at: new Date(0), url: new URL('http://x.test') } }), [
    ['a', '{"price":"5 EUR","at":"1970-01-01T00:00:00.000Z","url":"http://x.test/"}'],
  ])
})

test('a plain object is not a stream for having a field that is called pipe', async () => {
  assert.equal(await texts({ a: { pipe: 'basic', getReader: 1 } }), [['a', '{"pipe":"basic","getReader":1}']])
})

test('bytes: ArrayBuffer and every view, of their own part of the buffer', async () => {
  const buffer = new Uint8Array([0, 255, 13, 10, 34, 128, 1, 2]).buffer
  const parts = await sent({
    buffer,
    view: new Uint8Array(buffer, 1, 3),
    words: new Uint16Array(buffer, 2, 2),
    data: new DataView(buffer, 5, 1),
    node: Buffer.from('ä'),
    none: new Uint8Array(),
  })
  assert.equal(
    parts.map(({ name, filename, type, bytes }) => [name, filename, type, [...bytes]]),
    [
      ['buffer', 'buffer.bin', 'application/octet-stream', [0, 255, 13, 10, 34, 128, 1, 2]],
      ['view', 'view.bin', 'application/octet-stream', [255, 13, 10]],
      ['words', 'words.bin', 'application/octet-stream', [13, 10, 34, 128]],
      ['data', 'data.bin', 'application/octet-stream', [128]],
      ['node', 'node.bin', 'application/octet-stream', [195, 164]],
      ['none', 'none.bin', 'application/octet-stream', []],
    ],
  )
})

const types: [type: string, filename: string][] = [
  ['image/png', 'x.png'],
  ['image/jpeg', 'x.jpg'],
  ['image/webp', 'x.webp'],
  ['image/gif', 'x.gif'],
  ['IMAGE/PNG', 'x.png'],
  ['image/svg+xml', 'x.svg'],
  ['text/plain;charset=utf-8', 'x.txt'],
  ['application/json', 'x.json'],
  ['video/mp4', 'x.mp4'],
  ['video/webm; codecs=vp9', 'x.webm'],
  ['video/quicktime', 'x.mov'],
  ['video/x-matroska', 'x.mkv'],
  ['video/x-msvideo', 'x.avi'],
  ['video/mpeg', 'x.mpeg'],
  ['audio/mpeg', 'x.mp3'],
  ['audio/wav', 'x.wav'],
  ['audio/x-wav', 'x.wav'],
  ['audio/ogg', 'x.ogg'],
  ['application/octet-stream', 'x.bin'],
  ['application/vnd.ms-excel', 'x.bin'],
  ['image', 'x.bin'],
  ['', 'x.bin'],
]
for (const [type, filename] of types) {
  test(`filename: a Blob of type ${JSON.stringify(type)} is ${filename}`, async () => {
    const [part] = await sent({ x: new Blob(['a'], { type }) })
    assert.is(part?.filename, filename)
    assert.is(part?.text, 'a')
  })
}

const names: [name: string, filename: string, type?: string][] = [
  ['cat.png', 'cat.png'],
  ['cat.jpeg', 'cat.jpeg'],
  ['cat.png', 'cat.png', 'image/jpeg'],
  ['cat', 'cat.jpg', 'image/jpeg'],
  ['cat', 'cat.bin'],
  ['archive.tar.gz', 'archive.tar.gz'],
  ['cat..png', 'cat..png'],
  ['Cat 1 (ü).PNG', 'Cat 1 (ü).PNG'],
  ['😀.png', '😀.png'],
  ['', 'x.jpg', 'image/jpeg'],
  ['.', 'x.jpg', 'image/jpeg'],
  ['...', 'x.jpg', 'image/jpeg'],
  ['.png', '.png.jpg', 'image/jpeg'],
  ['../../etc/passwd', '.._.._etc_passwd.bin'],
  ['C:\\cat.png', 'C:_cat.png'],
  ['a"b\'c`d.png', 'a_b_c_d.png'],
  ['a\r\nb\0c\x7f\x9f.png', 'a__b_c__.png'],
  ['\ud800.png', '_.png'],
]
for (const [name, filename, type = ''] of names) {
  test(`filename: ${JSON.stringify(name)} of type ${type || 'none'} becomes ${JSON.stringify(filename)}`, async () => {
    const { File } = globalThis
    const parts = await sent({ x: new File(['a'], name, { type }) })
    if (name) {
      const [second] = await sent({ x: toFile(new Blob(['a']), name, { type }) })
      // Lone surrogates don't survive in a File, but in toFile they do.
      if (!name.startsWith('\ud800')) assert.is(second?.filename, filename)
    }
    if (!name.startsWith('\ud800')) assert.is(parts[0]?.filename, filename)
    assert.is(parts[0]?.type, type || 'application/octet-stream')
  })
}

test('filename: half of a surrogate pair becomes _', async () => {
  const [part] = await sent({ x: toFile(new Blob(['a']), 'a\ud800.png') })
  assert.is(part?.filename, 'a_.png')
})

test('filename: that of an input with an odd name', async () => {
  const [part] = await sent({ "a/b'c": new Blob(['a']) })
  assert.is(part?.filename, 'a_b_c.bin')
  assert.is(part?.name, "a/b'c")
})

test('a name that is no text is no name', async () => {
  const blob = Object.assign(new Blob(['a'], { type: 'image/png' }), { name: 5 })
  assert.is((await sent({ x: blob }))[0]?.filename, 'x.png')
})

test('a file-backed Blob', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flowscale-'))
  try {
    await writeFile(join(folder, 'a.txt'), 'from a file')
    const blob = await openAsBlob(join(folder, 'a.txt'), { type: 'text/plain' })
    assert.equal(
      (await sent({ a: blob, b: toFile(blob, 'b.txt') })).map(({ filename, text }) => [filename, text]),
      [
        ['a.txt', 'from a file'],
        ['b.txt', 'from a file'],
      ],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

const badNames = ['', 'a"b', 'a\nb', 'a\rb', '\ud800', 'a\udc00b']
for (const name of badNames) {
  test(`an input called ${JSON.stringify(name)} is an error that shows it`, async () => {
    const { message } = await refused({ [name]: 'x' })
    assert.ok(message.includes(JSON.stringify(name)))
    await refused({ [name]: undefined })
  })
}

test('inputs that are no plain object are an error', async () => {
  class Inputs {}
  const others = [
    undefined,
    null,
    'x',
    5,
    true,
    [],
    ['a'],
    new Map(),
    new FormData(),
    new Blob(),
    new Date(),
    () => {},
  ]
  for (const inputs of [...others, new Inputs(), Symbol('x')]) {
    await refused(inputs)
  }
})

class Plain {}
const bad: [value: unknown, name: string][] = [
  [null, 'null'],
  [Number.NaN, 'Number'],
  [Number.POSITIVE_INFINITY, 'Number'],
  [() => {}, 'Function'],
  [Plain, 'Function'],
  [Symbol('x'), 'Symbol'],
  [new Date(Number.NaN), 'Date'],
  ['a\ud800', 'String'],
  ['\udc00a', 'String'],
  [new Plain(), 'Plain'],
  [/x/, 'RegExp'],
  [new URL('http://x.test'), 'URL'],
  [Promise.resolve('x'), 'Promise'],
  [new Response('x'), 'Response'],
  [new Map(), 'Map'],
  [new URLSearchParams(), 'URLSearchParams'],
  [new Headers(), 'Headers'],
  [new FormData(), 'FormData'],
  [new Set(), 'Set'],
  [new ReadableStream(), 'ReadableStream'],
  [Readable.from(['x']), 'Readable'],
]
for (const [value, name] of bad) {
  test(`${String(value)} (${name}): an error that names the input, in arrays too`, async () => {
    const error = await refused({ fine: 'x', image_1: value })
    const item = await refused({ a: ['fine', value] })
    const indexed = await refused({ a: ['x', value] }, { arrays: 'indexed' })
    assert.is(indexed.message, item.message)
    assert.not(Object.hasOwn(error, 'cause'))
  })
}

test('the index in a message is that of the array, whatever is left out before it', async () => {
  for (const arrays of ['repeat', 'indexed'] as const) {
    for (const [index, a] of [
      [3, [undefined, 'x', undefined, null]],
      // biome-ignore lint/suspicious/noSparseArray: that is the point
      [2, [, 'x', Number.NaN]],
      [1, [undefined, { b: new Map() }]],
    ] as const)
      assert.match((await refused({ a }, { arrays })).message, `inputs.a[${index}] `)
  }
})

test('an array in an array is an error', async () => {
  await refused({ a: [['x']] })
  await refused({ a: ['x', []] })
})

const cyclic: Record<string, unknown> = {}
cyclic.self = { cyclic }
const deep: Record<string, unknown> = {
  'a Blob': { x: new Blob(['a']) },
  'a Blob in a list': { x: [{ y: new Blob(['a']) }] },
  bytes: { x: new Uint8Array(2) },
  'an ArrayBuffer': { x: new ArrayBuffer(2) },
  'a Map': { x: new Map() },
  'a Set': { x: new Set() },
  'a promise': { x: [Promise.resolve()] },
  'a class': { x: new Plain() },
  'a function': { x: () => {} },
  'a symbol': { x: Symbol('x') },
  NaN: { x: [Number.NaN] },
  Infinity: { x: Number.POSITIVE_INFINITY },
  'an invalid date': { x: new Date(Number.NaN) },
  'a toJSON that gives nothing': { toJSON: () => undefined },
  'a stream': { x: new ReadableStream() },
  // Of these, JSON itself says why.
  'a cycle': cyclic,
  'a bigint': { x: 1n },
}
for (const [name, value] of Object.entries(deep)) {
  test(`JSON: ${name} in a plain object is an error that names the input, and the field`, async () => {
    const { message, cause } = await refused({ config: value })
    assert.match(message, /^inputs\.config /)
    if (/cycle|bigint/.test(name)) assert.instance(cause, TypeError)
    assert.match((await refused({ config: ['x', value] })).message, /^inputs\.config\[1\] /)
  })
}

test('arrays: another word is an error', async () => {
  for (const arrays of ['index', 5, null, true, Symbol('x')]) {
    await refused({ a: ['x'] }, { arrays: arrays as never })
  }
})

test('a Node stream of a file is an error, and is not read', async () => {
  const stream = createReadStream('/dev/null')
  stream.on('error', () => {})
  await refused({ a: stream })
  stream.destroy()
})

test('bytes that were transferred away are an error of ours', async () => {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  const fetch = fakeFetch(ok({ run_id: 'r1' }))
  for (const value of [bytes, { toJSON: () => Promise.reject.call(null) }]) {
    await rejects(
      executeWorkflow(clientWith(fetch, { maxRetries: 0 }), 'w', { a: value as never }),
      ArgumentError,
    )
  }
  assert.is(fetch.calls.length, 0)
})

test('an input that can not even be looked at is an error of ours that names it', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const fetch = fakeFetch(ok({ run_id: 'r1' }))
  for (const inputs of [
    { mine: proxy },
    { mine: [proxy] },
    {
      get mine() {
        throw new Error('no')
      },
    },
  ]) {
    await rejects(executeWorkflow(clientWith(fetch, { maxRetries: 0 }), 'w', inputs as never), ArgumentError)
  }
  assert.is(fetch.calls.length, 0)
})
