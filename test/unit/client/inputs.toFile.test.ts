import { ArgumentError, toFile } from '@flowscale/client'
import { assert, suite, throws } from '#test'

const test = suite('toFile')

test('bytes of every kind', async () => {
  const bytes = new Uint8Array([1, 2, 3, 4])
  for (const [data, is] of [
    [bytes, [1, 2, 3, 4]],
    [bytes.buffer, [1, 2, 3, 4]],
    [bytes.subarray(1, 3), [2, 3]],
    [new DataView(bytes.buffer, 3), [4]],
    [Buffer.from([9]), [9]],
    [new Blob([bytes]), [1, 2, 3, 4]],
  ] as const) {
    const file = toFile(data, 'a.bin')
    assert.instance(file, Blob)
    assert.is(file.name, 'a.bin')
    assert.is(file.type, '')
    assert.equal([...new Uint8Array(await file.arrayBuffer())], is)
  }
})

test('the type: given, that of the Blob, or none', () => {
  const png = new Blob(['x'], { type: 'image/png' })
  assert.is(toFile(png, 'a').type, 'image/png')
  assert.is(toFile(png, 'a', { type: undefined }).type, 'image/png')
  assert.is(toFile(png, 'a', { type: 'image/webp' }).type, 'image/webp')
  assert.is(toFile(png, 'a', { type: '' }).type, '')
  assert.is(toFile(new Uint8Array(1), 'a', { type: 'image/gif' }).type, 'image/gif')
})

test('without File, as on Node 18', () => {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'File')!
  Reflect.deleteProperty(globalThis, 'File')
  try {
    assert.is(toFile(new Uint8Array(1), 'a.png').name, 'a.png')
  } finally {
    Object.defineProperty(globalThis, 'File', descriptor)
  }
})

test('the name of a File is replaced, and the File left alone', () => {
  const file = new File(['x'], 'old.png', { type: 'image/png' })
  assert.is(toFile(file, 'new.png').name, 'new.png')
  assert.is(file.name, 'old.png')
})

test('bytes that were transferred are an error that says so', () => {
  const { buffer } = new Uint8Array([1])
  const view = new Uint8Array(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  for (const data of [buffer, view]) {
    throws(() => toFile(data, 'a.bin'), ArgumentError)
  }
})

test('wrong arguments are errors that name them', () => {
  const blob = new Blob(['x'])
  for (const data of ['text', 5, null, undefined, [], {}, [1, 2], new Map()]) {
    throws(() => toFile(data as never, 'a'), ArgumentError)
  }
  for (const filename of ['', undefined, null, 5, {}]) {
    throws(() => toFile(blob, filename as never), ArgumentError)
  }
  for (const options of [{ type: 5 }, { mime: 'x' }, 'image/png', null]) {
    throws(() => toFile(blob, 'a', options as never), ArgumentError)
  }
})
