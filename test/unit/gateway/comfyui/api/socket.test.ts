import { assert, suite } from '#test'
import { createProgress, readPicture } from '../../../../../packages/gateway/src/comfyui/api/socket.ts'

const test = suite('progress by the socket of a ComfyUI')

const submitted = {
  id: 'r',
  workflowId: 'w',
  groupId: null,
  createdAt: 0,
  shown: [],
  outputs: [],
  titles: { 1: 'Load', 2: 'Sample', 3: 'Save', 4: 'Cached' },
  nodes: 4,
}

test('progress counts what is finished of what has to run', () => {
  const hear = createProgress(submitted, 0)
  const told = (type: string, data: object): unknown => hear(type, { prompt_id: 'r', ...data })
  assert.equal(told('execution_cached', { nodes: ['4', 'elsewhere'] }), { progress: 0, node: undefined })
  told('executing', { node: '1' })
  assert.equal(told('executing', { node: '2' }), { progress: 1 / 3, node: 'Sample' })
  assert.equal(told('progress', { node: '2', value: 1, max: 2 }), { progress: 0.5, node: 'Sample' })
  const state = {
    1: { state: 'finished' },
    2: { state: 'running', value: 1, max: 4 },
    '2.1': { state: 'finished' },
  }
  assert.equal(told('progress_state', { nodes: state }), { progress: 0.5, node: 'Sample' })
  assert.is(hear('progress', { prompt_id: 'another', node: '2', value: 2, max: 2 }), undefined)
  assert.is(told('status', {}), undefined)
  assert.is(hear('executing', { node: null }), undefined, 'no run is named')
  assert.equal(told('executed', { node: '2' }), { progress: 2 / 3, node: 'Sample' })
  assert.equal(told('executed', { node: '3' }), { progress: 0.99, node: 'Sample' })
  assert.is(told('executing', { node: null }), 'ended')
})

test('progress goes on from what was told before', () => {
  const hear = createProgress(submitted, 0.6)
  assert.equal(hear('executing', { node: '2' }), { progress: 0.6, node: 'Sample' })
})

const JPEG = [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 4]
const WEBP = [...'RIFF1234WEBPVP8 '].map((char) => char.charCodeAt(0))
const four = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
]
const plain = (picture: readonly number[], kind = 1): number[] => [...four(1), ...four(kind), ...picture]
function about(picture: readonly number[], data: unknown, length?: number): number[] {
  const text = [...new TextEncoder().encode(typeof data === 'string' ? data : JSON.stringify(data))]
  return [...four(4), ...four(length ?? text.length), ...text, ...picture]
}
const large = (size: number): number[] => [...JPEG, ...new Array<number>(size - JPEG.length).fill(0)]

for (const [title, message, wanted] of [
  ['JPEG with metadata', about(JPEG, { prompt_id: 'r', node_id: '2' }), ['r', 'image/jpeg', JPEG]],
  ['PNG with metadata', about(PNG, { prompt_id: 'r' }), ['r', 'image/png', PNG]],
  [
    'WebP with metadata that says JPEG',
    about(WEBP, { prompt_id: 'r', image_type: 'image/jpeg' }),
    ['r', 'image/webp', WEBP],
  ],
  ['metadata that names no run', about(PNG, {}), ['last', 'image/png', PNG]],
  ['no metadata', plain(JPEG), ['last', 'image/jpeg', JPEG]],
  ['the wrong kind', plain(PNG, 1), ['last', 'image/png', PNG]],
  ['as large as may be', plain(large(204_800)), ['last', 'image/jpeg', large(204_800)]],
  ['one byte more', plain(large(204_801)), undefined],
  [
    'a page',
    about(
      [...'<html></html>'].map((char) => char.charCodeAt(0)),
      { prompt_id: 'r' },
    ),
    undefined,
  ],
  ['a GIF', plain([...'GIF89a'].map((char) => char.charCodeAt(0))), undefined],
  ['no picture', plain([]), undefined],
  ['a text of a node', [...four(3), ...four(1), 50, ...JPEG], undefined],
  ['another event', [...four(2), ...JPEG], undefined],
  ['metadata longer than the message', about(JPEG, { prompt_id: 'r' }, 5_000), 'throws'],
  ['metadata of 4 GB', about(JPEG, { prompt_id: 'r' }, 0xffff_ffff), 'throws'],
  ['metadata that is no JSON', about(JPEG, '{"prompt'), 'throws'],
  ['metadata that is null', about(JPEG, 'null'), ['last', 'image/jpeg', JPEG]],
  ['a run that is no text', about(JPEG, { prompt_id: 7 }), undefined],
  ['a head alone', four(1), 'throws'],
  ['nothing', [], 'throws'],
] as const) {
  test(`a binary message: ${title}`, () => {
    const read = () => readPicture(new Uint8Array(message).buffer, 'last')
    // `openSocket` drops a message that can't be read.
    if (wanted === 'throws') return void assert.throws(read)
    const [id, preview] = read() ?? []
    assert.equal(preview && [id, preview.type, [...preview.data]], wanted && [...wanted])
  })
}

test('a picture that nobody has named a run for is dropped', () => {
  assert.is(readPicture(new Uint8Array(plain(JPEG)).buffer, undefined), undefined)
})
