// What a gateway hears of a ComfyUI's runs while somebody follows them.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { assert, said, suite } from '#test'
import type { RunRecords } from '../../../../../packages/gateway/src/comfyui/runRecord.ts'
import { createMonitor } from '../../../../../packages/gateway/src/comfyui/runs/monitor.ts'
import type { ComfyServer } from '../../../../../packages/gateway/src/comfyui/server.ts'
import type { Engine, Run } from '../../../../../packages/gateway/src/engine.ts'
import { isRising } from '../../../../support/isRising.ts'
import { run } from '../../fakeEngine.ts'
import { isOver, isRunning, PAGE, suiteOnComfy, withSockets } from '../kit.ts'

let test = suiteOnComfy('watching runs of a ComfyUI')

function listen(engine: Engine): { heard: Run[]; end(id: string): Promise<Run> } {
  const heard: Run[] = []
  engine.watch!((run) => void heard.push(run))
  return {
    heard,
    async end(id) {
      for (;;) {
        const run = heard.find((news) => news.id === id && isOver(news))
        if (run) return run
        await wait(10)
      }
    },
  }
}

test('a run that is followed tells of its progress, which never goes back', async ({ engine, submit }) => {
  const { heard, end } = listen(engine)
  const { id } = await submit('slow', { seconds: 1.2 })
  const stops = [engine.follow!(id), engine.follow!(id)]
  const last = await end(id)
  for (const stop of stops) stop()
  assert.equal([last.status, last.progress], ['completed', 1])
  const mine = heard.filter((run) => run.id === id)
  const steps = mine.map(({ progress }) => progress)
  assert.ok(steps.length > 8, `${steps}`)
  assert.ok(isRising(steps), `${steps}`)
  assert.ok(mine.some(({ node, status }) => node === 'Slow' && status === 'running'))
  const order = [...new Set(mine.map(({ status }) => status))]
  assert.equal(
    order,
    order.filter((status) => ['queued', 'running', 'completed'].includes(status)),
  )
  assert.is(mine.filter(isOver).length, 1)
})

test('who only polls sees progress, by a run and by a list', async ({ engine, submit }) => {
  const reads: ((id: string) => Promise<Run | undefined>)[] = [
    (id) => engine.getRun(id),
    async (id) => (await engine.getRuns(PAGE)).runs.find((run) => run.id === id),
  ]
  for (const read of reads) {
    const { id } = await submit('slow', { seconds: 4 })
    const steps = new Set<number>()
    for (let run = await read(id); run && !isOver(run); run = await read(id)) {
      steps.add(run.progress)
      await wait(50)
    }
    assert.ok(steps.size > 4, `${[...steps]}`)
  }
})

test('the socket is enough to hear of an end', async ({ engine, submit }) => {
  const { setTimeout: before } = globalThis
  // Reading again and again is put off for ever.
  globalThis.setTimeout = ((call: () => void, ms: number, ...args: []) =>
    before(ms === 1_000 ? () => {} : call, ms, ...args)) as typeof setTimeout
  try {
    const { end } = listen(engine)
    for (const seconds of [0, 0, 0.1, 0.2]) {
      const { id } = await submit('slow', { seconds })
      const stop = engine.follow!(id)
      assert.is((await end(id)).status, 'completed')
      stop()
    }
  } finally {
    globalThis.setTimeout = before
  }
})

test('followers hear how many runs go before theirs', async ({ engine, submit, until }) => {
  const { heard, end } = listen(engine)
  const first = await submit('slow', { seconds: 1.5 })
  const second = await submit('slow', { seconds: 0.2 })
  await until(first.id, isRunning)
  engine.follow!(second.id)
  await end(second.id)
  assert.ok(
    heard.some(({ id, status, position }) => id === second.id && status === 'queued' && position === 1),
  )
})

test('many who wait cost little more than one', async ({ another, submit, until }) => {
  const first = await submit('slow', { seconds: 60 })
  const { id } = await submit('slow', { seconds: 0.2 })
  await until(first.id, isRunning)
  const urls: string[] = []
  const noted: typeof fetch = (url, init) => {
    urls.push(`${url}`)
    return fetch(url, init)
  }
  const count = (part: string): number => urls.filter((url) => url.includes(part)).length
  // The first gateway reads the queue every second: only the requests of another one count.
  const engine = another({}, { fetch: noted })
  await engine.workflows()
  const now = performance.now.bind(performance)
  // Of one moment, however long the machine needs.
  const moment = now()
  performance.now = () => moment
  const reads = Array.from({ length: 30 }, () => engine.getRun(id))
  performance.now = now
  await Promise.all(reads)
  assert.is(count('/queue'), 1)
  const looks = count(`ended%2F${id}`)
  for (let follower = 0; follower < 30; follower++) engine.follow!(id)
  // A look sends its request at once.
  assert.is(count(`ended%2F${id}`) - looks, 1)
})

test('after its end a run costs no request, though somebody still follows it', async (setup) => {
  const { comfy, engine, submit } = setup
  const { end } = listen(engine)
  const { id } = await submit('slow', { seconds: 0.1 })
  const stop = engine.follow!(id)
  await end(id)
  await wait(1_200)
  const before = comfy.requests.length
  await wait(2_500)
  assert.is(comfy.requests.length, before)
  stop()
})

test = suiteOnComfy('watching runs of a ComfyUI 0.8.0', ['0.8.0'])

test('nobody who follows a run misses its end where the socket is silent', async (setup) => {
  const { comfy, another, submit } = setup
  // Takes sockets, and says nothing.
  const front = createServer((request, response) => {
    const init = { method: request.method!, headers: { 'content-type': 'application/json' } }
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', async () => {
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
      try {
        const answer = await fetch(comfy.url + request.url, { ...init, ...body })
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
      } catch {
        // The test is over, and a record of the end is still on its way.
        response.destroy()
      }
    })
  })
  const silent = new WebSocketServer({ server: front })
  let opened = 0
  silent.on('connection', () => opened++)
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const engine = another({}, { url: `http://127.0.0.1:${(front.address() as AddressInfo).port}` })
  const { end } = listen(engine)
  const { id } = await submit('slow', { seconds: 1.2 }, { by: engine })
  engine.follow!(id)
  assert.is((await end(id)).status, 'completed')
  assert.ok(opened > 0)
  engine.close()
  for (const client of silent.clients) client.terminate()
  front.closeAllConnections()
  front.close()
})

test('a WebSocket that is refused: one warning, and the states by polls', async (setup) => {
  const { comfy, engine, lines, submit } = setup
  comfy.faults.push({ on: 'GET /ws', do: 'status', status: 403 })
  const { heard, end } = listen(engine)
  const first = await submit('slow', { seconds: 1.5 })
  const second = await submit('slow', { seconds: 1.5 })
  for (const { id } of [first, second]) engine.follow!(id)
  await end(second.id)
  const states = heard.filter(({ id }) => id === second.id).map(({ status }) => status)
  assert.equal([...new Set(states)], ['queued', 'running', 'completed'])
  assert.is(lines.length, 1)
  said(lines[0]!)
})

test('a follower hears of an end while ComfyUI is away and back', async (setup) => {
  const { comfy, engine, submit, until } = setup
  const { end } = listen(engine)
  const { id } = await submit('slow', { seconds: 60 })
  engine.follow!(id)
  await until(id, isRunning)
  await comfy.kill()
  await comfy.start()
  said((await end(id)).error!)
})

test('sockets are opened for runs that are followed and run, one a run, and closed', async (setup) => {
  const { engine, submit, until } = setup
  await withSockets(async (opened) => {
    const { end } = listen(engine)
    await until((await submit('slow', { seconds: 0.3 })).id, isOver)
    assert.is(opened.length, 0)
    const many: Run[] = []
    for (let index = 0; index < 4; index++) many.push(await submit('slow', { seconds: 1 }))
    await until(many[0]!.id, isRunning)
    const stops = many.flatMap(({ id }) => [engine.follow!(id), engine.follow!(id)])
    await wait(300)
    assert.is(opened.length, 2, 'for the one that runs, and the next')
    await end(many[3]!.id)
    assert.equal(
      opened.map(({ url }) => url.replace(/.*clientId=/, '')),
      many.map(({ id }) => id),
    )
    for (const socket of opened) assert.ok(socket.readyState >= WebSocket.CLOSING)
    for (const stop of stops) stop()
  })
})

const alone = suite('a monitor')

alone('an answer that is late undoes no step of a run', () => {
  const watcher = createMonitor({} as ComfyServer, {} as RunRecords, () => {})
  const heard: string[] = []
  watcher.watch(({ status }) => void heard.push(status))
  for (const [status, completedAt] of [
    ['running', null],
    ['queued', null],
    ['completed', 9],
    ['running', null],
    ['failed', 9],
  ] as const) {
    watcher.noteRun({ ...run, status, completedAt })
  }
  watcher.close()
  assert.equal(heard, ['running', 'completed'])
})
