// Small parts of the engine that is a ComfyUI.
import { assert, suite, throws } from '#test'
import {
  createComfyClient,
  isUnsent,
  NoAnswer,
  parseJson,
} from '../../../../../packages/gateway/src/comfyui/api/client.ts'
import type { History } from '../../../../../packages/gateway/src/comfyui/api/queue.ts'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import { findOutput } from '../../../../../packages/gateway/src/comfyui/outputNames.ts'
import {
  collectFiles,
  endOf,
  withoutPaths,
} from '../../../../../packages/gateway/src/comfyui/runs/historyEnd.ts'
import { readRefusal } from '../../../../../packages/gateway/src/comfyui/runs/sendRun.ts'

const test = suite('parts of the engine of ComfyUI')

const run = {
  id: '0d8f2c1e-8a34-4d5b-9d62-1c7f0b6a9e21',
  workflowId: 'w',
  groupId: null,
  createdAt: 0,
  shown: [],
  outputs: [{ name: 'film', node: '3' }],
  titles: { 3: 'Film' },
  nodes: 1,
}

test('options', () => {
  const url = 'http://a'
  for (const options of [
    ...[undefined, { url, uri: 1 }, { url, fetch: 1 }],
    ...[undefined, 7, 'ws://a'].map((url) => ({ url })),
    ...['?b', '/#b', '/?', '#'].map((end) => ({ url: url + end })),
    ...[0, -1, Number.NaN, '9'].map((lostAfterMs) => ({ url, lostAfterMs })),
  ]) {
    throws(() => comfyui(options as never), TypeError)
  }
  assert.type(comfyui({ url: 'https://a/prefix/' }), 'function')
})

test('a node that shows a text may show an empty one, or none', () => {
  const shows = { ...run, outputs: [{ name: 'words', node: '3', isText: true }] }
  for (const outputs of [{}, { 3: { text: [''] } }]) {
    assert.equal(collectFiles(shows, outputs).files, [{ name: `words_${run.id}.txt`, text: '' }])
  }
})

test('the model that a 3D preview shows', () => {
  const result = (path: unknown): unknown => ({ 3: { result: [path, { zoom: 1 }, 'temp/background.png'] } })
  for (const [path, at, ending] of [
    ['preview3d_0a.GLB', { filename: 'preview3d_0a.GLB', subfolder: '', type: 'output' }, 'glb'],
    ['3d\\a.ply', { filename: 'a.ply', subfolder: '3d', type: 'output' }, 'ply'],
    ['preview_splat_0a.ply', { filename: 'preview_splat_0a.ply', subfolder: '', type: 'temp' }, 'ply'],
  ] as const)
    assert.equal(collectFiles(run, result(path) as any).files, [{ name: `film_${run.id}.${ending}`, at }])
  for (const path of ['a.txt', '../a.glb', '/a.glb', ['a.glb'], null])
    assert.is(collectFiles(run, result(path) as any).missing, '3')
})

test('an output is found by the name that earlier versions gave it', async () => {
  const file = `image_${run.id}_2.png`
  const known = { id: run.id, status: 'completed', outputNames: [`image_${run.id}`], files: [file] } as any
  const nameOf = async (name: string) => (await findOutput(name, async () => known))?.file
  assert.is(await nameOf(`image_4_9_${run.id}_2.png`), file)
  for (const name of [`video_9_${run.id}_2.png`, `image_9_${run.id}_3.png`])
    assert.is(await nameOf(name), undefined)
})

test('numbers that JSON does not have are null, and texts stay', () => {
  const text = String.raw`{"a": NaN, "b": [Infinity, -Infinity, 1], "NaN": "NaN, \"NaN\"", "c": -1.5}`
  assert.equal(parseJson(text), { a: null, b: [null, null, 1], NaN: 'NaN, "NaN"', c: -1.5 })
  assert.is(parseJson('<html>'), undefined)
})

test('messages come without folders', () => {
  for (const [text, wanted] of [
    ["No such file: '/root/Comfy UI/models/a b.safetensors'", "No such file: 'a b.safetensors'"],
    ['open(/home/me/x.png) failed', 'open(x.png) failed'],
    [String.raw`C:\Users\me\ComfyUI\x.py line 3`, 'x.py line 3'],
    ['a ratio of 1/2, and/or b', 'a ratio of 1/2, and/or b'],
    ['see https://example.com/a/b', 'see https://example.com/a/b'],
  ]) {
    assert.is(withoutPaths(text!), wanted)
  }
})

test('files are found under whichever key, results before previews, and no inputs', () => {
  const item = (filename: string, type = 'output') => ({
    filename,
    subfolder: 'video',
    type,
    fullpath: '/secret',
  })
  const names = (told: object) =>
    collectFiles(run, { 3: told as any }).files.map(({ name, at }) => [name, at?.filename])
  const film = `film_${run.id}`
  assert.equal(names({ gifs: [item('a.MP4')], images: [item('p.png', 'temp')], animated: [true] }), [
    [`${film}.mp4`, 'a.MP4'],
  ])
  assert.equal(names({ images: [item('p.png', 'temp')] }), [[`${film}.png`, 'p.png']])
  assert.equal(names({ a: [item('x'), item('x'), item('y.tar')] }), [
    [`${film}.bin`, 'x'],
    [`${film}_2.tar`, 'y.tar'],
  ])
  for (const none of [
    {},
    { audio: [{ filename: 'a.wav', type: 'input' }] },
    { ui: ['video'] },
    { images: [] },
  ]) {
    assert.equal(collectFiles(run, { 3: none as any }), { files: [], missing: '3' })
  }
  assert.not.match(JSON.stringify(collectFiles(run, { 3: { a: [item('a.png')] } })), /secret/)
})

test('the end of a run', () => {
  const history = { number: 1, extra: {}, outputs: {}, success: false }
  const failed = endOf(run, {
    ...history,
    messages: [
      ['execution_start', { timestamp: 5 }],
      [
        'execution_error',
        {
          node_id: '3',
          node_type: 'X',
          exception_message: 'no /a/b/c.png\n',
          traceback: ['/root'],
          timestamp: 9,
        },
      ],
    ],
  })
  assert.equal(
    [failed.status, failed.error, failed.startedAt, failed.completedAt],
    ['failed', 'Film: no c.png', 5, 9],
  )
  for (const [exception_type, exception_message, fault] of [
    ['torch.OutOfMemoryError', 'Allocation on device', 'out of memory'],
    ['torch.cuda.OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2.00 GiB', 'out of memory'],
    ['MemoryError', '', 'out of memory'],
    ['OSError', "[Errno 28] No space left on device: '/out/a.png'\n", 'no space left on its disk'],
    ['OSError', '[Errno 2] No such file or directory', undefined],
    // A node may repeat the words of a caller.
    ['ValueError', 'OutOfMemoryError: [Errno 28] No space left on device', undefined],
  ] as const) {
    const messages: History['messages'] = [['execution_error', { exception_type, exception_message }]]
    assert.is(endOf(run, { ...history, messages }).fault, fault)
  }
  const unknown = endOf(run, { ...history, messages: [['execution_error', { node_type: 'X' }]] })
  assert.is(unknown.error, 'X: ComfyUI gives no reason')
  assert.is(endOf(run, { ...history, messages: [] }).status, 'failed')
  const stopped = endOf(run, { ...history, messages: [['execution_interrupted', { timestamp: 9 }]] })
  assert.equal([stopped.status, stopped.error], ['cancelled', null])
})

const bare: any = { nodes: new Map(), inputs: new Map() }

test('refusals never hold a traceback', () => {
  const trouble = {
    type: 'exception_during_validation',
    message: 'Exception when validating node',
    details: "'/root/x/77'",
  }
  const error: any = readRefusal(
    {
      node_errors: {
        3: { errors: [{ ...trouble, extra_info: { traceback: ['File "/root/x.py"'] } }], class_type: 'X' },
      },
    },
    run,
    bare,
  )
  assert.equal(
    [error.status, error.message],
    [422, 'ComfyUI refused the run: node "Film": Exception when validating node'],
  )
  for (const type of ['invalid_prompt', 'missing_node_type']) {
    const told = { type, message: 'Cannot execute because node X does not exist.', details: "Node ID '#1'" }
    assert.match(
      (readRefusal({ error: told, node_errors: {} }, run, bare) as any).message,
      /node X does not exist/,
    )
  }
  for (const odd of [undefined, null, {}, { error: null }, { error: 'text' }]) {
    assert.is((readRefusal(odd, run, bare) as any).status, 422)
  }
})

test('what was never sent is told from what may have been', async () => {
  const error = (code: string, cause?: Error) => Object.assign(new Error('x', { cause }), { code })
  const both = (a: string, b: string) =>
    new TypeError('fetch failed', { cause: new AggregateError([error(a), error(b)]) })
  assert.ok(isUnsent(new TypeError('fetch failed', { cause: error('ECONNREFUSED') })))
  assert.ok(isUnsent(both('ECONNREFUSED', 'ECONNREFUSED')))
  assert.ok(
    isUnsent(new TypeError('error sending request: tcp connect error: Connection refused (os error 111)')),
  )
  assert.not(isUnsent(both('ECONNREFUSED', 'ECONNRESET')))
  assert.not(isUnsent(new TypeError('fetch failed', { cause: error('ECONNRESET') })))
  assert.not(isUnsent(new TypeError('Network connection lost.')))
  assert.not(isUnsent('ECONNREFUSED'))
  const route = (syscall: string) => Object.assign(error('EHOSTUNREACH'), { syscall })
  assert.equal([isUnsent(route('connect')), isUnsent(route('read'))], [true, false])
  // Bun gives this also after it has sent all, so the server is away, and the run may be there.
  const fetch = () => Promise.reject(error('ConnectionRefused'))
  const client = createComfyClient('http://127.0.0.1:8188', { fetch })
  const lost = await client.send('/prompt', { method: 'POST' }).catch((thrown) => thrown)
  assert.ok(lost instanceof NoAnswer)
  assert.equal([lost.sent, client.isAway()], [true, true])
})
