// The pictures of runs at one ComfyUI with its own queue: of which runs, for how long, and which ones.
import { WebSocket, WebSocketServer } from 'ws'
import { assert } from '#test'
import { openSocket } from '../../../../../packages/gateway/src/comfyui/api/socket.ts'
import type { Engine, Preview, Run } from '../../../../../packages/gateway/src/engine.ts'
import { until } from '../../../../support/until.ts'
import { graphOf, isOver, isRunning, never, type Setup, suiteOnComfy, withSockets } from '../kit.ts'
import { later } from '../queued/kit.ts'

const graph = graphOf({
  1: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 255 }],
  2: ['TestSleep', { image: ['1', 0], seconds: 1, fail: false, cooperative: true, seed: 0, preview: true }],
  3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
})
const sidecar = {
  inputs: { seconds: { node: '2', input: 'seconds' }, seed: { node: '2', input: 'seed' } },
  outputs: { picture: { node: '3' } },
}
const workflows = [{ name: 'shown', graph, sidecar }]
const test = suiteOnComfy('previews of runs of a ComfyUI', undefined, { context: { workflows } })

let seed = 0
async function begin(engine: Engine, previews?: boolean): Promise<Run> {
  const draft = (await engine.draft('shown', never))!
  const values = { seconds: 600, seed: ++seed }
  const { run } = await draft.submit({ values, inputs: [], groupId: null, requestId: 'r', previews })
  return run
}

const readWith = (engine: Engine, id: string): Promise<Preview> =>
  until(() => engine.readPreview!(id)) as Promise<Preview>

test('who asks for a run with previews gets its pictures, each with a higher number', async (setup) => {
  const { engine } = setup
  const { id } = await begin(engine, true)
  const numbers: number[] = []
  await until(async () => {
    const { preview } = (await engine.getRun(id))!
    if (preview !== undefined && preview !== numbers.at(-1)) numbers.push(preview)
    return numbers.length === 3
  })
  assert.ok(
    numbers.every((number, at) => at === 0 || number - numbers[at - 1]! >= 400),
    `${numbers}`,
  )
  const { type, data } = await readWith(engine, id)
  assert.equal([type, ...data.subarray(0, 3)], ['image/jpeg', 0xff, 0xd8, 0xff])
  assert.is((await engine.getRuns(page)).runs[0]!.id, id)
  await engine.cancelRun(id)
  const ended = await setup.until(id, isOver)
  assert.equal([ended.preview, await engine.readPreview!(id)], [undefined, undefined])
})

const page = { groupId: null, sortBy: 'created_at', sortOrder: 'desc', offset: 0, limit: 1 } as const

test('followers hear of each picture, and one alone is kept', ({ engine }) =>
  withSockets(async (sockets) => {
    const { id } = await begin(engine, true)
    const heard: (number | undefined)[][] = Array.from({ length: 500 }, () => [])
    const stops = heard.map((list) => engine.watch!((run) => void list.push(run.preview), id))
    stops.push(...heard.map(() => engine.follow!(id)))
    await until(() => new Set(heard[0]!.filter(Boolean)).size === 2)
    assert.ok(heard.every((list) => String(list) === String(heard[0])))
    const [one, other] = await Promise.all([engine.readPreview!(id), engine.readPreview!(id)])
    assert.is(one!.data.buffer, other!.data.buffer)
    for (const stop of stops) stop()
    // Soon after, the picture is still there; later nobody has asked, and it is gone.
    assert.ok(await engine.readPreview!(id))
    await later(16_000, async () => {
      engine.follow!((await begin(engine)).id)
      await until(() => sockets[0]!.readyState >= WebSocket.CLOSING)
    })
    assert.is(await engine.readPreview!(id), undefined)
    await readWith(engine, id)
  }))

test('a run without previews has none, though its nodes send pictures', async ({
  engine,
  comfy,
  until: wait,
}) => {
  const { id } = await begin(engine)
  const heard: Run[] = []
  engine.watch!((run) => void heard.push(run), id)
  engine.follow!(id)
  await wait(id, isRunning)
  await until(() => heard.some(({ progress }) => progress > 0.001))
  assert.is(await engine.readPreview!(id), undefined)
  assert.ok(heard.every(({ preview }) => preview === undefined))
  const asked = await begin(engine, true)
  const { queue_pending, queue_running } = (await (await fetch(`${comfy.url}/queue`)).json()) as any
  const methodOf = (run: Run): unknown =>
    [...queue_pending, ...queue_running].find((item) => item[1] === run.id)[3].preview_method
  assert.equal([methodOf({ id } as Run), methodOf(asked)], [undefined, 'auto'])
})

test('the start says which ComfyUI sends none, and how it does', async ({ engine }: Setup, version) => {
  const { notes = [] } = await engine.report!()
  const why =
    'No previews of runs come from ComfyUI: update ComfyUI to 0.5 or later, or start it with --preview-method auto.'
  assert.is(notes.includes(why), version === '0.3.64')
})

test('the flags are the first message, and a picture that is foreign, too large or broken is dropped', async () => {
  const server = new WebSocketServer({ port: 0 })
  const told: string[] = []
  const pictures: string[] = []
  server.on('connection', (socket) => {
    const four = (value: number): Buffer => Buffer.from([0, 0, value >> 8, value & 255])
    const say = (prompt_id: string): void =>
      socket.send(JSON.stringify({ type: 'progress', data: { prompt_id } }))
    socket.on('message', (data) => {
      told.push(String(data))
      const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0])
      const plain = Buffer.concat([four(1), four(1), jpeg])
      socket.send(plain)
      say('one')
      socket.send(plain)
      socket.send(Buffer.from([0, 0]))
      socket.send(JSON.stringify({ type: 'status', data: {} }))
      socket.send(Buffer.concat([plain, Buffer.alloc(204_800)]))
      say('other')
      socket.send(plain)
      const about = Buffer.from('{"prompt_id":"one"}')
      const long = Buffer.from(`{"prompt_id":"one"}${' '.repeat(60_000)}`)
      for (const text of [about, long]) socket.send(Buffer.concat([four(4), four(text.length), text, jpeg]))
    })
  })
  const { port } = server.address() as { port: number }
  const close = openSocket(
    `ws://127.0.0.1:${port}`,
    {},
    {
      onMessage: () => {},
      // Of a long message, only the picture is kept.
      onPicture: (id, { type, data }) => void pictures.push(`${id} ${type} ${data.buffer.byteLength}`),
    },
  )
  try {
    await until(() => pictures.length === 4)
  } finally {
    close()
    server.close()
  }
  assert.equal(
    pictures,
    ['one', 'other', 'one', 'one'].map((id) => `${id} image/jpeg 4`),
  )
  assert.equal(told, ['{"type":"feature_flags","data":{"supports_preview_metadata":true}}'])
})
